import { KubeError, type KubeObject } from "../../kube/client.ts";
import type { EksContext } from "./context.ts";
import { kubeletTaint } from "./node-user-data.ts";
import type { NodegroupRecord } from "./state.ts";

export interface Node extends KubeObject {
  spec?: { providerID?: string; unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status?: { conditions?: { type: string; status: string }[]; nodeInfo?: { kubeletVersion?: string } };
}

/** The nodes of a group that are in the cluster; none while its control plane does not run. */
export async function nodesOf(context: EksContext, { shape }: NodegroupRecord): Promise<Node[]> {
  const plane = context.planes.get(shape.clusterName);
  if (plane === undefined) return [];
  const selector = encodeURIComponent(`eks.amazonaws.com/nodegroup=${shape.nodegroupName}`);
  return await plane.kube.list<Node>(`/api/v1/nodes?labelSelector=${selector}`);
}

export function isReady({ status }: Node): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True");
}

export function instanceIdOf({ spec }: Node): string {
  return spec?.providerID?.split("/").at(-1) ?? "";
}

/** Keeps new pods away from nodes that are about to go. */
export async function cordon(context: EksContext, nodegroup: NodegroupRecord, nodes: readonly Node[]): Promise<void> {
  await setUnschedulable(context, nodegroup, nodes, true);
}

export async function uncordon(context: EksContext, nodegroup: NodegroupRecord, nodes: readonly Node[]): Promise<void> {
  await setUnschedulable(context, nodegroup, nodes, null);
}

async function setUnschedulable(
  context: EksContext,
  { shape }: NodegroupRecord,
  nodes: readonly Node[],
  unschedulable: true | null,
): Promise<void> {
  const plane = context.planes.get(shape.clusterName);
  for (const { metadata } of nodes) {
    await plane?.kube.patch(`/api/v1/nodes/${metadata.name}`, { spec: { unschedulable } });
  }
}

interface Pod extends KubeObject {
  spec?: { nodeName?: string };
  status?: { phase?: string };
}

/** Asks once for the eviction of all pods but those of daemon sets; whether none is left. */
export async function evictPods(
  context: EksContext,
  { shape }: NodegroupRecord,
  nodes: readonly Node[],
): Promise<boolean> {
  const kube = context.planes.get(shape.clusterName)?.kube;
  if (kube === undefined) return true;
  let isEmpty = true;
  for (const { metadata } of nodes) {
    const pods = await kube.list<Pod>(`/api/v1/pods?fieldSelector=spec.nodeName%3D${metadata.name}`);
    for (const pod of pods.filter((one) => one.spec?.nodeName === metadata.name && mustLeave(one))) {
      isEmpty = false;
      const { name, namespace = "" } = pod.metadata;
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
      await kube
        .create(`/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction)
        .catch(unlessStatus(404, tooManyDisruptions));
    }
  }
  return isEmpty;
}

/** What a disruption budget answers while the pod must not go. */
const tooManyDisruptions = 429;

function unlessStatus(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof KubeError) || !statuses.includes(error.status)) throw error;
  };
}

function mustLeave({ metadata, status }: Pod): boolean {
  const isOfDaemonSet = metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") === true;
  const isMirror = metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
  const hasEnded = status?.phase === "Succeeded" || status?.phase === "Failed";
  return !isOfDaemonSet && !isMirror && !hasEnded;
}

/** Puts changed labels and taints on the nodes that are there. */
export async function relabel(
  context: EksContext,
  nodegroup: NodegroupRecord,
  changed: {
    labels: Readonly<Record<string, string | null>>;
    /** Keys of taints that the group has or had. */
    taintKeys: ReadonlySet<string>;
  },
): Promise<void> {
  const plane = context.planes.get(nodegroup.shape.clusterName);
  const wanted = (nodegroup.shape.taints ?? []).map(kubeletTaint);
  for (const node of await nodesOf(context, nodegroup)) {
    const others = (node.spec?.taints ?? []).filter(({ key }) => !changed.taintKeys.has(key));
    const taints = [...others, ...wanted];
    await plane?.kube.patch(`/api/v1/nodes/${node.metadata.name}`, {
      metadata: { labels: changed.labels },
      spec: { taints: taints.length > 0 ? taints : null },
    });
  }
}
