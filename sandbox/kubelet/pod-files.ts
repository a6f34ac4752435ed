import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { KubeObject } from "../kube/client.ts";
import type { ControlPlane } from "../kube/types.ts";
import { readField } from "./environment.ts";
import type { KeyToPath, Pod, ProjectedSource, Volume } from "./kube-objects.ts";
import { readData } from "./references.ts";

interface TokenRequest extends KubeObject {
  status: { token: string; expirationTimestamp: string };
}

const inClusterPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The files of a pod whose containers are real processes, in a private folder; tokens are renewed in time. */
export class PodFiles {
  readonly folder: string;
  readonly #plane: ControlPlane;
  readonly #pod: Pod;
  readonly #findClaim: (claimName: string) => Promise<string>;
  /** Folders of volumes that outlive the pod, by the volume's name. */
  readonly #lasting = new Map<string, string>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    { plane, findClaim }: { plane: ControlPlane; findClaim: (claimName: string) => Promise<string> },
    pod: Pod,
    folder: string,
  ) {
    this.#plane = plane;
    this.#findClaim = findClaim;
    this.#pod = pod;
    this.folder = folder;
  }

  async prepare(): Promise<void> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const volume of this.#pod.spec.volumes ?? []) await this.#fill(volume);
  }

  remove(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    rmSync(this.folder, { recursive: true, force: true });
  }

  folderOf(volume: string, subPath = ""): string {
    const lasting = this.#lasting.get(volume);
    const path = join(lasting ?? join(this.folder, volume), subPath);
    if (lasting !== undefined) mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** A kubeconfig with the token of the pod's service account, in place of the fixed paths that a container has. */
  writeKubeconfig(container: { volumeMounts?: { name: string; mountPath: string }[] }): string | undefined {
    const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === inClusterPath);
    if (mount === undefined) return undefined;
    const path = join(this.folder, "kubeconfig");
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "in-cluster",
          cluster: {
            server: this.#plane.endpoint,
            "certificate-authority-data": this.#plane.certificateAuthority,
          },
        },
      ],
      users: [{ name: "pod", user: { tokenFile: join(this.folderOf(mount.name), "token") } }],
      contexts: [
        {
          name: "pod",
          context: { cluster: "in-cluster", user: "pod", namespace: this.#pod.metadata.namespace },
        },
      ],
      "current-context": "pod",
    };
    writeFileSync(path, JSON.stringify(kubeconfig), { mode: 0o600 });
    return path;
  }

  async #fill(volume: Volume): Promise<void> {
    const { configMap, secret, projected, persistentVolumeClaim } = volume;
    if (persistentVolumeClaim !== undefined) {
      this.#lasting.set(volume.name, await this.#findClaim(persistentVolumeClaim.claimName));
    }
    mkdirSync(this.folderOf(volume.name), { recursive: true, mode: 0o700 });
    const sources: ProjectedSource[] = [
      ...(configMap ? [{ configMap }] : []),
      ...(secret ? [{ secret: { ...secret, name: secret.secretName } }] : []),
      ...(projected?.sources ?? []),
    ];
    for (const source of sources) await this.#write(volume.name, source);
  }

  async #write(volume: string, source: ProjectedSource): Promise<void> {
    const { namespace } = this.#pod.metadata;
    if (source.serviceAccountToken) await this.#writeToken(volume, source.serviceAccountToken);
    for (const [kind, reference] of [
      ["configmap", source.configMap],
      ["secret", source.secret],
    ] as const) {
      if (reference === undefined) continue;
      const data = (await readData(this.#plane.kube, kind, namespace, reference.name)) ?? {};
      const items: KeyToPath[] = reference.items ?? Object.keys(data).map((key) => ({ key, path: key }));
      for (const { key, path } of items) this.#writeFile(volume, path, data[key] ?? Buffer.alloc(0));
    }
    for (const { path, fieldRef } of source.downwardAPI?.items ?? []) {
      this.#writeFile(volume, path, readField(this.#pod, fieldRef?.fieldPath ?? ""));
    }
  }

  async #writeToken(
    volume: string,
    source: { audience?: string; expirationSeconds?: number; path: string },
  ): Promise<void> {
    const { name, namespace, uid } = this.#pod.metadata;
    const account = this.#pod.spec.serviceAccountName ?? "default";
    const { status } = await this.#plane.kube.create<TokenRequest>(
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        metadata: { name: account, namespace },
        spec: {
          audiences: source.audience === undefined ? [] : [source.audience],
          expirationSeconds: source.expirationSeconds ?? 3600,
          boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
        },
      },
    );
    this.#writeFile(volume, source.path, status.token);
    this.#renewLater(volume, source, (Date.parse(status.expirationTimestamp) - Date.now()) * 0.8);
  }

  #renewLater(volume: string, source: { path: string }, milliseconds: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        // Tried again soon: the API server may just be restarting.
        this.#writeToken(volume, source).catch(() => this.#renewLater(volume, source, 10_000));
      },
      Math.max(milliseconds, 1_000),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  #writeFile(volume: string, path: string, content: Buffer | string): void {
    const file = join(this.folderOf(volume), path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content, { mode: 0o600 });
  }
}
