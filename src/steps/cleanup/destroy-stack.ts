import type { StackName } from "../../config/work-dir.ts";
import { defineStep, type Report, type Step } from "../../engine/step.ts";
import type { PlannedStack } from "../../tools/terraform-stack.ts";
import type { Cleanup } from "./cleanup.ts";

/** Destroys what is in the state of one of the two stacks, by a saved plan that holds nothing but deletions. */
export function destroyStack(name: StackName, { title }: { title: string }): Step<Cleanup> {
  return defineStep({
    id: `destroy-${name}-stack`,
    title,
    async check(cleanup: Cleanup) {
      if (!(await cleanup.stateBucketReady())) return { done: "there is no state" };
      const stack = await cleanup.stacks[name].prepare();
      const plan = await stack.plan({ progress: () => undefined, note: cleanup.note }, { destroy: true });
      const count = plan.summary.delete.length;
      return count === 0 ? { done: "nothing is left in its state" } : { change: `${count} to delete`, plan };
    },
    async run(cleanup: Cleanup, plan: PlannedStack, report: Report) {
      const stack = await cleanup.stacks[name].prepare();
      await stack.apply(plan, report);
      cleanup.forget();
    },
  });
}
