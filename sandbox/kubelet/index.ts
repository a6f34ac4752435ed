import type { KubeClient } from "../kube/client.ts";
import type { ControlPlane } from "../kube/types.ts";
import { isTrueWithin } from "../processes.ts";
import type { World } from "../world.ts";
import type { KubeletDependencies } from "./dependencies.ts";
import { CredentialsAgent } from "./credentials-agent.ts";
import { isReady } from "./kube-objects.ts";
import type { Pod } from "./kube-objects.ts";
import { NodeKeeper } from "./nodes.ts";
import { PodKeeper } from "./pods.ts";
import { Turns } from "./turns.ts";

export { createAwsAccess } from "./aws-access.ts";
export { keptVolumes } from "./claim-folders.ts";
export type { KubeletDependencies, NodeInstance } from "./dependencies.ts";

export interface Kubelet {
  /** Waits until the pods that were ready when the cluster was stopped are so again; false if some are not in time. */
  takeOver(): Promise<boolean>;
  stop(): Promise<void>;
}

const takeOverMilliseconds = 60_000;

/** Stands in for every node of one cluster: Nodes for its instances, and whatever runs on them. */
export async function startKubelet(
  world: World,
  plane: ControlPlane,
  dependencies: KubeletDependencies,
): Promise<Kubelet> {
  const before = await plane.kube.list<Pod>("/api/v1/pods");
  await releaseLeases(plane.kube);
  const wereUp = before.filter(isReady).map(({ metadata }) => metadata.uid);
  const nodes = new NodeKeeper(world, plane, dependencies);
  const agent = await CredentialsAgent.start(plane, dependencies, nodes);
  const pods = new PodKeeper({ world, plane, dependencies, nodes, agent, turns: new Turns() });
  pods.start();
  nodes.start();
  return {
    takeOver: () => isTrueWithin(takeOverMilliseconds, () => wereUp.every((uid) => pods.isUp(uid)), 100),
    stop: async () => {
      await nodes.stop();
      await pods.stop();
      await agent.stop();
    },
  };
}

/** Who held a lease when the cluster was stopped has ended; its successor need not wait until the lease runs out. */
async function releaseLeases(kube: KubeClient): Promise<void> {
  const leases = await kube.list("/apis/coordination.k8s.io/v1/leases");
  for (const { metadata } of leases.filter(({ metadata: { namespace } }) => namespace !== "kube-node-lease")) {
    await kube.delete(`/apis/coordination.k8s.io/v1/namespaces/${metadata.namespace ?? ""}/leases/${metadata.name}`);
  }
}
