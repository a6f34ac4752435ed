import { clusterCreation, nodeGroupCreation } from "../../aws/creation-state.ts";
import { listStateKeys } from "../../aws/state-object.ts";
import type { StackName } from "../../config/work-dir.ts";
import { pollUntil } from "../../engine/poll.ts";
import { defineStep, type Report, type Step } from "../../engine/step.ts";
import type { PlannedStack, Stack } from "../../tools/terraform-stack.ts";
import { stackKey } from "../terraform-override.ts";
import { findHolders, heldBy } from "./blockers.ts";
import type { Cleanup } from "./cleanup.ts";
import { keepFree } from "./keep-free.ts";

interface Destruction {
  planned: PlannedStack;
  /** Ids of all that Terraform knows, whether or not it is in the plan. */
  known: ReadonlySet<string>;
}

/** Destroys what is in the state of one of the two stacks, by a saved plan that holds nothing but deletions. */
export function destroyStack(name: StackName, { title }: { title: string }): Step<Cleanup> {
  return defineStep({
    id: `destroy-${name}-stack`,
    title,
    async check(cleanup: Cleanup) {
      if (!(await cleanup.stateBucketReady())) return { done: "there is no state" };
      const { account } = await cleanup.caller();
      const records = await listStateKeys(cleanup.aws, account, stackKey(cleanup.config.name, name, ""));
      // Terraform would begin a state, and leave it.
      if (records.length === 0) return { done: "nothing is left of its state" };
      const stack = await cleanup.stacks[name].prepare();
      const plan = await planDestruction(stack, cleanup, name);
      const count = plan.planned.summary.delete.length;
      if (count > 0) return { change: `${count} to delete`, plan };
      return { done: plan.known.size === 0 ? "nothing is left in its state" : "what is left is held by others" };
    },
    async run(cleanup: Cleanup, { planned, known }: Destruction, report: Report) {
      const stack = await cleanup.stacks[name].prepare();
      if (name === "storage") await stack.apply(planned, report);
      else {
        await awaitCreation(cleanup, report);
        await keepFree(cleanup, known, report, () => stack.apply(planned, report));
        cleanup.reach.forget();
      }
      cleanup.forget();
    },
  });
}

/** Once more, after what Terraform has stumbled over was deleted without it. */
export async function destroyRest(name: StackName, cleanup: Cleanup, report: Report): Promise<void> {
  const stack = await cleanup.stacks[name].prepare();
  const { planned } = await planDestruction(stack, cleanup, name);
  if (planned.summary.delete.length > 0) await stack.apply(planned, report);
}

/** Without what somebody else's things hold: Terraform would wait for hours, and leave the rest as it is. */
async function planDestruction(stack: Stack, cleanup: Cleanup, name: StackName): Promise<Destruction> {
  const report: Report = { progress: () => undefined, note: cleanup.note };
  const whole = await stack.plan(report, { destroy: true });
  const changes = whole.summary.delete;
  const known = new Set(changes.flatMap(({ id }) => id ?? []));
  if (name === "storage" || changes.length === 0) return { planned: whole, known };
  const inventory = await cleanup.inventory();
  const held = heldBy(findHolders(inventory), inventory);
  const free = changes.filter(({ id }) => id === undefined || !held.has(id));
  if (free.length === changes.length) return { planned: whole, known };
  if (free.length === 0) return { planned: { ...whole, summary: { ...whole.summary, delete: [] } }, known };
  const targets = free.map(({ address }) => address);
  return { planned: await stack.plan(report, { destroy: true, targets }), known };
}

/** AWS deletes neither a cluster nor a node group that is still being made, by a run that was killed for example. */
async function awaitCreation({ aws, config, signal }: Cleanup, report: Report): Promise<void> {
  const { name } = config;
  await pollUntil(
    async () => {
      const states = await Promise.all([clusterCreation(aws, name), nodeGroupCreation(aws, name)]);
      if (!states.includes("under way")) return true;
      report.progress("waiting for the end of what an earlier run began");
      return undefined;
    },
    { what: `EKS to finish what it does with the cluster ${name}`, everySeconds: 10, timeoutSeconds: 1800, signal },
  );
}
