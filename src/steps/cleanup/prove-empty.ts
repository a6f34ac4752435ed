import type { Inventory } from "../../aws/inventory/index.ts";
import { categories, keyOf, type Resource } from "../../aws/inventory/resource.ts";
import { defineStep } from "../../engine/step.ts";
import { LeftoversError, ToolError, type HubctlError } from "../../errors.ts";
import { removeAliasRecord } from "./alias-record.ts";
import { leftoversIn } from "./belongings.ts";
import { describeHolders, findHolders } from "./blockers.ts";
import { removeCertificate } from "./certificate.ts";
import type { Cleanup } from "./cleanup.ts";

/** Only AWS's own word counts: whatever has been deleted before, each category is looked at once more. */
export const proveEmpty = defineStep({
  id: "prove-empty",
  title: "Ask AWS whether anything is left",
  async check(cleanup: Cleanup) {
    const failure = judge(cleanup, await cleanup.inventory());
    return failure === undefined ? { done: "nothing is left" } : { change: "category by category", plan: failure };
  },
  run: (_: Cleanup, failure: HubctlError) => Promise.reject(failure),
});

/** Undefined if nothing is left, and that is proved of every category. */
function judge(cleanup: Cleanup, inventory: Inventory): HubctlError | undefined {
  const { config, data, failures } = cleanup;
  const again = `hubctl cleanup --deployment ${config.name} --data ${data}`;
  const left = leftoversIn(inventory, data === "keep");
  if (left.length > 0) return leftovers(cleanup, inventory, left, again);
  if (inventory.unknown.length > 0) {
    const count = inventory.unknown.length;
    const what = count === 1 ? "1 category" : `${count} categories`;
    return new ToolError("NotProved", `nothing is left where AWS lets one look; of ${what} that is not proved`, {
      output: inventory.unknown.map(({ category, reason }) => `${categories[category]}: ${reason}`).join("\n"),
      hint: `ask for the permissions that AWS names, then run it again: ${again}`,
    });
  }
  // Into the zones of another account the inventory does not look.
  const elsewhere = config.hostedZone?.assumeRole === undefined ? [] : [removeAliasRecord.id, removeCertificate.id];
  // Of stacks: Terraform's state holds something that is not there, or that AWS tells nobody about.
  const telling = ["destroy-cluster-stack", "destroy-storage-stack", ...elsewhere];
  return telling.flatMap((step) => failures.get(step) ?? [])[0];
}

const mostLines = 20;

function leftovers(cleanup: Cleanup, inventory: Inventory, left: readonly Resource[], again: string): LeftoversError {
  const { config, refusals, failures } = cleanup;
  const holders = findHolders(inventory);
  const failure = failures.get("destroy-cluster-stack") ?? failures.get("destroy-storage-stack");
  const lines = left.map((resource) => {
    const { category, id, state, evidence, going } = resource;
    const why = state === "conflict" ? evidence : (refusals.get(keyOf(resource)) ?? going?.words ?? "still there");
    return `${category} ${id}${formatCost(resource)}: ${why}`;
  });
  const more = lines.length - mostLines;
  return new LeftoversError(
    "LeftoversFound",
    `${left.length} of ${config.name} ${left.length === 1 ? "is" : "are"} left${formatCost(...left)}`,
    {
      output: [
        ...lines.slice(0, mostLines),
        ...(more > 0 ? [`and ${more} more; hubctl audit --deployment ${config.name} lists them`] : []),
        ...describeHolders(holders),
        ...(failure === undefined ? [] : [`Terraform: ${failure.message}`]),
      ].join("\n"),
      hint:
        holders.length > 0
          ? `remove ${holders.map(({ id }) => id).join(", ")}, or have it moved to another VPC; then: ${again}`
          : `mend what AWS says, then run it again: ${again}`,
      ...(failure && { cause: failure }),
    },
  );
}

/** " (about $34 a month)"; nothing for what costs nothing, or if that is not known. */
function formatCost(...resources: readonly Resource[]): string {
  const cost = resources.reduce((sum, { monthlyCost = 0 }) => sum + monthlyCost, 0);
  return cost < 0.005 ? "" : ` (about $${cost.toFixed(2)} a month)`;
}
