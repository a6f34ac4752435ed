import { pollUntil } from "../../engine/poll.ts";
import { deleteCommand, getCommand, parseNames } from "../../tools/kubectl.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import type { Cleanup } from "./cleanup.ts";
import { inClusterStep } from "./in-cluster-step.ts";

const nodePools = "nodepools.karpenter.sh";
const nodeClaims = "nodeclaims.karpenter.sh";
const nodeClasses = "ec2nodeclasses.karpenter.k8s.aws";

/** While Karpenter runs: it is the one who knows its machines, and its finalizers keep everything until they are gone. */
export const removeUserNodes = inClusterStep({
  id: "remove-user-nodes",
  title: "Remove users' nodes",
  async check({ exec }, target) {
    const [pools, claims, classes] = await Promise.all([
      names(exec, target, nodePools),
      names(exec, target, nodeClaims),
      names(exec, target, nodeClasses),
    ]);
    if (pools.length + claims.length + classes.length === 0) return { done: "no node pools and no nodes" };
    return { change: `${claims.length} nodes, ${pools.length} node pools`, plan: undefined };
  },
  async run({ exec, signal }, target, _, report) {
    await exec(deleteCommand(target, { resource: nodePools, all: true }));
    await exec(deleteCommand(target, { resource: nodeClaims, all: true }));
    await untilGone(nodeClaims, "users' nodes");
    await exec(deleteCommand(target, { resource: nodeClasses, all: true }));
    await untilGone(nodeClasses, "Karpenter's node classes");

    async function untilGone(resource: string, what: string): Promise<void> {
      await pollUntil(
        async () => {
          const left = await names(exec, target, resource);
          report.progress(left.length === 0 ? "" : `${left.length} left: ${left.slice(0, 3).join(", ")}`);
          return left.length === 0 ? true : undefined;
        },
        { what: `${what} to go`, everySeconds: 3, timeoutSeconds: 900, signal },
      );
    }
  },
});

/** None where the definition itself is gone. */
async function names(exec: Cleanup["exec"], target: KubeTarget, resource: string): Promise<string[]> {
  const { stdout } = await exec(getCommand(target, { resource: "customresourcedefinitions", name: resource }));
  if (stdout.trim() === "") return [];
  return parseNames((await exec(getCommand(target, { resource }))).stdout);
}
