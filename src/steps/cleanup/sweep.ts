import { deleteResources } from "../../aws/inventory/delete.ts";
import { keyOf, type Resource } from "../../aws/inventory/resource.ts";
import { waitSeconds } from "../../engine/retry.ts";
import type { StackName } from "../../config/work-dir.ts";
import { defineStep, type Report, type Step } from "../../engine/step.ts";
import { isData, isProved } from "./belongings.ts";
import type { Cleanup } from "./cleanup.ts";
import { destroyRest } from "./destroy-stack.ts";

/** Deletes by proof of ownership what neither Kubernetes nor Terraform has deleted: what AWS and controllers left. */
export function sweep(stack: StackName, { title }: { title: string }): Step<Cleanup> {
  return defineStep({
    id: `sweep-${stack}`,
    title,
    async check(cleanup: Cleanup) {
      const found = (await cleanup.inventory()).resources.filter((one) => isSwept(cleanup, stack, one));
      if (found.length === 0) return { done: "nothing is left" };
      return { change: `whatever of ${found.length} the steps before leave`, plan: undefined };
    },
    async run(cleanup: Cleanup, _: undefined, report: Report) {
      await deleteLeft(cleanup, stack, report);
      const destruction = `destroy-${stack}-stack`;
      if (!cleanup.failures.has(destruction)) return;
      cleanup.inventory.forget();
      await destroyRest(stack, cleanup, report);
      cleanup.failures.delete(destruction);
      await deleteLeft(cleanup, stack, report);
    },
  });
}

async function deleteLeft(cleanup: Cleanup, stack: StackName, report: Report): Promise<void> {
  const { account } = await cleanup.caller();
  const { left } = await deleteResources(cleanup.aws, {
    account,
    take: () => cleanup.takeInventory(),
    mayDelete: (one) => isSwept(cleanup, stack, one),
    note: (line) => report.progress(line),
    wait: (seconds) => waitSeconds(seconds, cleanup.signal),
  });
  for (const { resource, why } of left) cleanup.refusals.set(keyOf(resource), why);
}

/**
 * Never what somebody else claims, too; data only when it is to go. The state of a stack goes with the last of it, unless
 * Terraform could not destroy what is in it; of `storage`, the state is removed at the very end.
 */
function isSwept({ data, failures }: Cleanup, stack: StackName, resource: Resource): boolean {
  if (!isProved(resource) || resource.going) return false;
  if (isData(resource)) return stack === "storage" && data === "delete" && resource.category !== "terraform-state";
  return resource.category !== "terraform-state" || !failures.has("destroy-cluster-stack");
}
