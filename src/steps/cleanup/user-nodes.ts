import { pollUntil } from "../../engine/poll.ts";
import type { Report } from "../../engine/step.ts";
import { karpenter } from "../../releases/karpenter.ts";
import { deleteCommand, getCommand, parseNames, parseReadyReplicas } from "../../tools/kubectl.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import type { Cleanup } from "./cleanup.ts";
import { findHeld, namingHolders, releaseHeld } from "./finalizers.ts";
import { inClusterStep } from "./in-cluster-step.ts";

const nodePools = "nodepools.karpenter.sh";
const nodeClaims = "nodeclaims.karpenter.sh";
const nodeClasses = "ec2nodeclasses.karpenter.k8s.aws";

/** Draining takes as long as pods take to end; their servers have been stopped before. */
const patienceSeconds = 900;
/** So long Karpenter may be away, for a restart, before its work is done for it. */
const absenceSeconds = 60;
const everySeconds = 3;

/**
 * While Karpenter runs: it is the one who knows its machines, and its finalizers keep everything until they are gone.
 * When it is gone itself, the finalizers are taken away, and the sweep ends the machines by their tags.
 */
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
    const count = (things: readonly string[], kind: string) =>
      `${things.length} ${kind}${things.length === 1 ? "" : "s"}`;
    return { change: `${count(claims, "node")}, ${count(pools, "node pool")}`, plan: undefined };
  },
  async run(cleanup, target, _, report) {
    const { exec } = cleanup;
    const wait = { isKarpenterGone: watchKarpenter(exec, target), report };
    await deleteAll(exec, target, nodePools);
    await deleteAll(exec, target, nodeClaims);
    await untilGone(cleanup, target, { resource: nodeClaims, what: "users' nodes" }, wait);
    await untilGone(cleanup, target, { resource: nodePools, what: "Karpenter's node pools" }, wait);
    await deleteAll(exec, target, nodeClasses);
    await untilGone(cleanup, target, { resource: nodeClasses, what: "Karpenter's node classes" }, wait);
  },
});

async function untilGone(
  { exec, signal }: Cleanup,
  target: KubeTarget,
  { resource, what }: { resource: string; what: string },
  { isKarpenterGone, report }: { isKarpenterGone: () => Promise<boolean>; report: Report },
): Promise<void> {
  const gone = pollUntil(
    async () => {
      const left = await names(exec, target, resource);
      if (left.length === 0) return true;
      report.progress(`${left.length} left: ${left.slice(0, 3).join(", ")}`);
      if (await isKarpenterGone()) {
        const held = await findHeld(exec, target, { resource });
        await releaseHeld(exec, target, held, { judge: judgeFinalizer, note: (line) => report.note(line) });
      }
      return undefined;
    },
    { what: `${what} to go`, everySeconds, timeoutSeconds: patienceSeconds, signal },
  );
  await namingHolders(gone, () => findHeld(exec, target, { resource }));
}

/** Nobody else would ever take them away, and the machine is found and ended by its tags. */
function judgeFinalizer(_: unknown, finalizer: string) {
  const isKarpenters = finalizer === "karpenter.sh/termination" || finalizer === "karpenter.k8s.aws/termination";
  return { isSafe: isKarpenters, why: "Karpenter is gone, and what it was for is deleted in AWS by its tags" };
}

/** Tells whether nobody can be expected to do Karpenter's work any more. */
function watchKarpenter(exec: Cleanup["exec"], target: KubeTarget): () => Promise<boolean> {
  const { name, namespace } = karpenter;
  let awaySince: number | undefined;
  return async () => {
    const { stdout } = await exec(getCommand(target, { resource: "deployment", name, namespace }));
    if (stdout.trim() === "") return true;
    if (parseReadyReplicas(stdout) > 0) awaySince = undefined;
    else awaySince ??= performance.now();
    return awaySince !== undefined && performance.now() - awaySince > absenceSeconds * 1000;
  };
}

async function deleteAll(exec: Cleanup["exec"], target: KubeTarget, resource: string): Promise<void> {
  if ((await names(exec, target, resource)).length > 0) await exec(deleteCommand(target, { resource, all: true }));
}

/** None where the definition itself is gone. */
async function names(exec: Cleanup["exec"], target: KubeTarget, resource: string): Promise<string[]> {
  const { stdout } = await exec(getCommand(target, { resource: "customresourcedefinitions", name: resource }));
  if (stdout.trim() === "") return [];
  return parseNames((await exec(getCommand(target, { resource }))).stdout);
}
