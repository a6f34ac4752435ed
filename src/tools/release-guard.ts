import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import type { Loss } from "./plan-guard.ts";

const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.unknown()).nullish(),
  }),
  spec: z.record(z.string(), z.unknown()).optional(),
});
type KubeObject = z.infer<typeof objectSchema>;

interface Precious {
  kind: string;
  isClusterWide?: true;
  /** Whether this one of its kind is meant; all are if there is no such function. */
  applies?: (object: KubeObject) => boolean;
  carriesData: (object: KubeObject) => boolean;
  /** What of an object can't be changed, as path and value: if it differs, the object must be made anew. */
  fixed: (object: KubeObject) => Record<string, unknown>;
}

const annotation = (object: KubeObject, name: string) => object.metadata.annotations?.[name];
const loadBalancer = "service.beta.kubernetes.io/aws-load-balancer-";
const always = () => true;
const never = () => false;

/** Objects of the cluster that somebody would miss, and what makes Kubernetes or a controller begin them anew. */
const precious: Readonly<Record<string, Precious>> = {
  // https://kubernetes.io/docs/concepts/storage/persistent-volumes/: once bound, only the size grows.
  PersistentVolumeClaim: {
    kind: "claim",
    // A claim on a volume that the platform chart names is only a way to the file system.
    carriesData: ({ spec }) => spec?.["volumeName"] === undefined,
    fixed: ({ spec = {} }) => ({
      "spec.storageClassName": spec["storageClassName"],
      "spec.accessModes": spec["accessModes"],
      "spec.volumeName": spec["volumeName"],
      "spec.volumeMode": spec["volumeMode"],
      "spec.selector": spec["selector"],
    }),
  },
  PersistentVolume: {
    kind: "volume",
    isClusterWide: true,
    carriesData: (volume) => !isOnlyAWay(volume),
    fixed: ({ spec = {} }) => ({ "spec.csi": spec["csi"] }),
  },
  // https://kubernetes.io/docs/concepts/storage/storage-classes/: nothing of it can be changed but whether disks may grow.
  StorageClass: {
    kind: "class of disks",
    isClusterWide: true,
    carriesData: never,
    fixed: (object) => ({
      provisioner: object["provisioner"],
      parameters: object["parameters"],
      reclaimPolicy: object["reclaimPolicy"],
      volumeBindingMode: object["volumeBindingMode"],
    }),
  },
  Namespace: { kind: "namespace", isClusterWide: true, carriesData: always, fixed: () => ({}) },
  // With its definition go all objects of a kind: node pools, and with them the nodes.
  CustomResourceDefinition: { kind: "definition", isClusterWide: true, carriesData: never, fixed: () => ({}) },
  // Another load balancer has another address. Scheme and kind are fixed for the life of one:
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
  Service: {
    kind: "load balancer",
    applies: ({ spec }) => spec?.["type"] === "LoadBalancer",
    carriesData: never,
    fixed: (service) => ({
      "spec.type": service.spec?.["type"],
      "spec.loadBalancerClass": service.spec?.["loadBalancerClass"],
      [`${loadBalancer}type`]: annotation(service, `${loadBalancer}type`),
      [`${loadBalancer}internal`]: annotation(service, `${loadBalancer}internal`),
      [`${loadBalancer}scheme`]: annotation(service, `${loadBalancer}scheme`),
    }),
  },
};

/** What the upgrade of a release would delete, or could only do by making it anew. Both texts are Helm's manifests. */
export function findReleaseLosses(current: string, wanted: string, namespace: string): Loss[] {
  const next = new Map(parseObjects(wanted).map((object) => [addressOf(object, namespace), object]));
  const present = parseObjects(current);
  const losses = present.flatMap((object): Loss[] => {
    const known = Object.hasOwn(precious, object.kind) ? precious[object.kind] : undefined;
    if (known === undefined || known.applies?.(object) === false) return [];
    const address = addressOf(object, namespace);
    const loss = { address, kind: known.kind, carriesData: known.carriesData(object) };
    const successor = next.get(address);
    if (!successor) {
      // https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
      const isKept = annotation(object, "helm.sh/resource-policy") === "keep" || isOnlyAWay(object);
      return isKept ? [] : [{ ...loss, verb: "delete", forcedBy: [], why: "the release has none any more" }];
    }
    const forcedBy = differingKeys(known.fixed(object), known.fixed(successor));
    if (forcedBy.length === 0) return [];
    return [{ ...loss, verb: "replace", forcedBy, why: `${forcedBy.join(", ")} cannot be changed in place` }];
  });
  return [...claimsOf(losses, present, namespace), ...losses];
}

/** A volume does not go before its claim, which is made anew though it stays the same. */
function claimsOf(losses: readonly Loss[], present: readonly KubeObject[], namespace: string): Loss[] {
  return present.flatMap((object): Loss[] => {
    const { kind, spec } = object;
    const volume = losses.find(({ address }) => address === `PersistentVolume/${String(spec?.["volumeName"])}`);
    const address = addressOf(object, namespace);
    if (kind !== "PersistentVolumeClaim" || volume?.verb !== "replace") return [];
    if (losses.some((loss) => loss.address === address)) return [];
    const why = `its volume ${volume.address} is made anew`;
    return [{ address, kind: "claim", carriesData: false, verb: "replace", forcedBy: [], why }];
  });
}

/** A volume that leaves what it leads to where it is: whoever needs it more is its claim. */
function isOnlyAWay({ kind, spec }: KubeObject): boolean {
  return kind === "PersistentVolume" && spec?.["persistentVolumeReclaimPolicy"] === "Retain";
}

/** Of "Kind/namespace/name", as kubectl takes it. */
export function parseObjectAddress(address: string): { resource: string; name: string; namespace?: string } {
  const [resource = "", ...rest] = address.split("/");
  const [first = "", second] = rest;
  return second === undefined ? { resource, name: first } : { resource, name: second, namespace: first };
}

function addressOf({ kind, metadata }: KubeObject, namespace: string): string {
  const isClusterWide = Object.hasOwn(precious, kind) && precious[kind]?.isClusterWide === true;
  return [kind, ...(isClusterWide ? [] : [metadata.namespace ?? namespace]), metadata.name].join("/");
}

function parseObjects(manifest: string): KubeObject[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    const { data } = objectSchema.safeParse(document.toJS());
    return data ? [data] : [];
  });
}

function differingKeys(one: Record<string, unknown>, other: Record<string, unknown>): string[] {
  return Object.keys(one).filter((key) => !isDeepStrictEqual(one[key], other[key]));
}
