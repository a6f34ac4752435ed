import type { AddonSpec, ClusterSpec, DataPlane } from "../../../sandbox/aws/eks/dependencies.ts";
import { KubeError, type KubeClient, type KubeObject } from "../../../sandbox/kube/client.ts";
import type { ControlPlane } from "../../../sandbox/kube/types.ts";

/** Just enough of an API server for what EKS does there: objects by path, labels, merge patches. */
class FakeKube {
  readonly objects = new Map<string, KubeObject>();
  /** What the API server counts. */
  metrics = "";

  get(path: string): Promise<KubeObject | undefined> {
    return Promise.resolve(this.objects.get(path));
  }

  list(path: string): Promise<KubeObject[]> {
    const [collection = "", query = ""] = path.split("?");
    const selector = new URLSearchParams(query).get("labelSelector") ?? "";
    const wanted = selector.split("=");
    return Promise.resolve(
      [...this.objects]
        .filter(([at]) => at.startsWith(`${collection}/`))
        .map(([, object]) => object)
        .filter(({ metadata }) => selector === "" || metadata.labels?.[wanted[0] ?? ""] === wanted[1]),
    );
  }

  text(): Promise<string> {
    return Promise.resolve(this.metrics);
  }

  apply(object: object): Promise<KubeObject> {
    const given = object as KubeObject;
    this.objects.set(`${given.kind}/${given.metadata.namespace ?? ""}/${given.metadata.name}`, given);
    return Promise.resolve(given);
  }

  create(collection: string, object: object): Promise<KubeObject> {
    const given = object as KubeObject;
    this.objects.set(`${collection}/${given.metadata.name}`, given);
    return Promise.resolve(given);
  }

  patch(path: string, patch: unknown): Promise<KubeObject> {
    const object = this.objects.get(path);
    if (object === undefined) return Promise.reject(new KubeError(404, "NotFound", path));
    const patched = merge(object, patch) as KubeObject;
    this.objects.set(path, patched);
    return Promise.resolve(patched);
  }
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A data plane without processes, which records what it is asked for. */
export class FakeDataPlane implements DataPlane {
  readonly kube = new FakeKube();
  readonly started: ClusterSpec[] = [];
  readonly stopped: string[] = [];
  readonly discarded: string[] = [];
  readonly addons = new Map<string, AddonSpec>();
  /** Why an add-on's pods do not run, by its name. */
  readonly problems = new Map<string, string>();

  startControlPlane(spec: ClusterSpec): Promise<ControlPlane> {
    this.started.push(spec);
    return Promise.resolve({
      cluster: spec.name,
      endpoint: "https://127.0.0.1:6443",
      certificateAuthority: Buffer.from("certificate").toString("base64"),
      adminKubeconfig: "/nowhere",
      kube: this.kube as unknown as KubeClient,
      stop: () => {
        this.stopped.push(spec.name);
        return Promise.resolve();
      },
    });
  }

  discardControlPlane(cluster: string): Promise<void> {
    this.discarded.push(cluster);
    return Promise.resolve();
  }

  applyAddon(_plane: ControlPlane, addon: AddonSpec): Promise<void> {
    this.addons.set(addon.name, addon);
    return Promise.resolve();
  }

  removeAddon(_plane: ControlPlane, addon: AddonSpec): Promise<void> {
    this.addons.delete(addon.name);
    return Promise.resolve();
  }

  addonReady(_plane: ControlPlane, { name }: AddonSpec): Promise<{ ready: true } | { ready: false; reason: string }> {
    const reason = this.problems.get(name);
    return Promise.resolve(reason === undefined ? { ready: true } : { ready: false, reason });
  }
}
