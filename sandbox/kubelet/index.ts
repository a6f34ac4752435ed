import type { ControlPlane } from "../kube/types.ts";
import type { World } from "../world.ts";
import type { KubeletDependencies } from "./dependencies.ts";
import { CredentialsAgent } from "./credentials-agent.ts";
import { NodeKeeper } from "./nodes.ts";
import { PodKeeper } from "./pods.ts";
import { Turns } from "./turns.ts";

export { createAwsAccess } from "./aws-access.ts";
export type { KubeletDependencies, NodeInstance } from "./dependencies.ts";

/** Stands in for every node of one cluster: Nodes for its instances, and whatever runs on them. */
export async function startKubelet(
  world: World,
  plane: ControlPlane,
  dependencies: KubeletDependencies,
): Promise<{ stop(): Promise<void> }> {
  const nodes = new NodeKeeper(world, plane, dependencies);
  const agent = await CredentialsAgent.start(plane, dependencies, nodes);
  const pods = new PodKeeper({ world, plane, dependencies, nodes, agent, turns: new Turns() });
  pods.start();
  nodes.start();
  return {
    stop: async () => {
      await nodes.stop();
      await pods.stop();
      await agent.stop();
    },
  };
}
