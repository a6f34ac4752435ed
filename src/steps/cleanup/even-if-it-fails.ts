import type { Step } from "../../engine/step.ts";
import type { Cleanup } from "./cleanup.ts";

/**
 * Something that can't be deleted does not stop the rest: what a step has left, the sweep after the cluster's end deletes,
 * or the audit names.
 */
export function evenIfItFails(step: Step<Cleanup>): Step<Cleanup> {
  return {
    ...step,
    async run(cleanup, plan, report) {
      try {
        await step.run(cleanup, plan, report);
      } finally {
        cleanup.inventory.forget();
      }
    },
    goOnAfter(cleanup, failure) {
      cleanup.failures.set(step.id, failure);
    },
  };
}
