import type { KubeObject } from "../../kube/client.ts";
import type { EksContext } from "./context.ts";
import { kubeletTaint } from "./node-user-data.ts";
import type { NodegroupRecord } from "./state.ts";

export interface Node extends KubeObject {
  spec?: { providerID?: string; unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status?: { conditions?: { type: string; status: string }[] };
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
  const plane = context.planes.get(nodegroup.shape.clusterName);
  for (const { metadata } of nodes) {
    await plane?.kube.patch(`/api/v1/nodes/${metadata.name}`, { spec: { unschedulable: true } });
  }
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
