import { findOwnLoadBalancers } from "../../aws/own-load-balancers.ts";
import { pollUntil } from "../../engine/poll.ts";
import type { Report } from "../../engine/step.ts";
import { ToolError } from "../../errors.ts";
import { hub } from "../../releases/hub.ts";
import type { KubeTarget } from "../../tools/helm.ts";
import { deleteCommand, getCommand, namespacedResourcesCommand, type HeldObject } from "../../tools/kubectl.ts";
import type { Cleanup } from "./cleanup.ts";
import { describeHeld, findHeld, releaseHeld } from "./finalizers.ts";
import { inClusterStep } from "./in-cluster-step.ts";

/** The only one that hubctl makes; the others are Kubernetes' own. */
const { namespace } = hub;

/** What is stuck then goes with its cluster; all that may be lost is time. */
const patienceSeconds = 120;
/** What Kubernetes needs as a rule. After that it is asked what holds it up. */
const usualSeconds = 20;
const everySeconds = 5;

export const removeNamespaces = inClusterStep({
  id: "remove-namespaces",
  title: "Remove the hub's namespace",
  async check({ exec }, target) {
    const { stdout } = await exec(getCommand(target, { resource: "namespace", name: namespace }));
    return stdout.trim() === "" ? { done: "it is gone" } : { change: namespace, plan: undefined };
  },
  async run(cleanup, target, _, report) {
    const { exec, signal } = cleanup;
    await exec(deleteCommand(target, { resource: "namespace", name: namespace }));
    let waited = 0;
    let held: HeldObject[] = [];
    try {
      await pollUntil(
        async () => {
          const { stdout } = await exec(getCommand(target, { resource: "namespace", name: namespace }));
          if (stdout.trim() === "") return true;
          waited += everySeconds;
          if (waited > usualSeconds) held = await releaseSafe(cleanup, target, report);
          report.progress(held.map(describeHeld).join("; "));
          return undefined;
        },
        { what: `the namespace ${namespace} to go`, everySeconds, timeoutSeconds: patienceSeconds, signal },
      );
    } catch (error) {
      if (!(error instanceof ToolError && error.code === "WaitedTooLong")) throw error;
      throw new ToolError("NamespaceStuck", error.message, {
        output: held.map(describeHeld).join("\n"),
        hint: "it goes with its cluster; what its objects stand for in AWS is looked for by tags",
        cause: error,
      });
    }
  },
});

/** Gives what still holds the namespace. */
async function releaseSafe(cleanup: Cleanup, target: KubeTarget, report: Report): Promise<HeldObject[]> {
  const { exec, aws, id } = cleanup;
  const kinds = (await exec(namespacedResourcesCommand(target))).stdout.trim().split(/\s+/);
  // Events are many, and nothing holds them.
  const resource = kinds.filter((kind) => kind !== "" && !/^events(\.|$)/.test(kind)).join(",");
  const held = await findHeld(exec, target, { resource, namespace });
  if (held.length === 0) return [];
  const { loadBalancers, targetGroups } = await findOwnLoadBalancers(aws, id);
  const isBalancerGone = loadBalancers.length + targetGroups.length === 0;
  const judge = (_: HeldObject, finalizer: string) => ({
    isSafe: finalizer === "service.kubernetes.io/load-balancer-cleanup" && isBalancerGone,
    why: "AWS says that the load balancer is gone",
  });
  await releaseHeld(exec, target, held, { judge, note: (line) => report.note(line) });
  return held;
}
