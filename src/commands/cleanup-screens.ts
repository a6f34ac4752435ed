import { categories, type Resource } from "../aws/inventory/resource.ts";
import { dollars } from "../cost/estimate.ts";
import type { CheckedList } from "../engine/run-steps.ts";
import { turnsOf, type StepList } from "../engine/step.ts";
import { countByCategory, isData, isProved } from "../steps/cleanup/belongings.ts";
import { describeHolders, findHolders } from "../steps/cleanup/blockers.ts";
import type { Cleanup } from "../steps/cleanup/cleanup.ts";
import type { Output } from "../ui/output.ts";

/** What is agreed to: what goes, what stays, and what AWS does not delete at once. */
export async function describeIntent(
  cleanup: Cleanup,
  steps: StepList<Cleanup>,
  checked: CheckedList,
  output: Pick<Output, "style">,
): Promise<string[]> {
  const { config, data } = cleanup;
  const [inventory, reach, { account }] = await Promise.all([cleanup.inventory(), cleanup.reach(), cleanup.caller()]);
  const present = inventory.resources.filter((one) => isProved(one) && !one.going);
  const records = present.filter(({ category }) => category === "terraform-state");
  const things = present.filter((one) => !records.includes(one));
  const goes = things.filter((one) => data === "delete" || !isData(one));
  const stays = things.filter((one) => !goes.includes(one));
  const disputed = inventory.resources.filter((one) => !isProved(one));
  const holders = findHolders(inventory);
  const warn = (line: string) => `${output.style("yellow", "!")} ${line}`;
  return [
    output.style("bold", `${config.name} in AWS account ${account}, region ${config.aws.region}`),
    ...describeSteps(steps, checked),
    `Goes${formatCost(goes)}: ${countByCategory(goes) || "nothing in AWS"}`,
    ...describeHomes(goes, "are lost for good"),
    ...(stays.length === 0 ? [] : [`Stays${formatCost(stays)}: ${countByCategory(stays)}`]),
    ...describeHomes(stays, "stay"),
    ...describeWaiting(goes),
    ...(reach.kind === "unreachable"
      ? [warn(`${reach.why}; what it made is found and deleted in AWS, and who works loses what is not saved`)]
      : []),
    ...describeHolders(holders).map(warn),
    ...disputed.map(({ category, id, evidence }) => warn(`${category} ${id} stays: ${evidence}`)),
    ...inventory.unknown.map(({ category, reason }) =>
      warn(`${categories[category]} could not be looked at: ${reason}`),
    ),
  ];
}

export function describeHubOnly(
  { config }: Cleanup,
  steps: StepList<Cleanup>,
  checked: CheckedList,
  output: Pick<Output, "style">,
): string[] {
  return [
    output.style("bold", `The hub of ${config.name}`),
    ...describeSteps(steps, checked),
    "Cluster, nodes, accounts and homes stay, and go on costing what they cost.",
  ];
}

function describeSteps(steps: StepList<Cleanup>, checked: CheckedList): string[] {
  const lines = turnsOf(steps)
    .flat()
    .flatMap(({ id, title }) => {
      const found = checked.get(id);
      if (!found || "done" in found) return [];
      return [`  • ${title}${"change" in found ? `: ${found.change}` : ` (${found.unknown})`}`];
    });
  return lines.length === 0 ? [] : ["What will be done:", ...lines];
}

/** What is written on the file system, as far as EFS has counted: it does so every hour. */
function describeHomes(resources: readonly Resource[], fate: string): string[] {
  return resources
    .filter(({ category }) => category === "file-systems")
    .map(
      ({ id, facts }) => `  homes and shared folders (${id}, ${formatBytes(Number(facts?.["bytes"] ?? 0))}) ${fate}`,
    );
}

/** Names hold the deployment's id, and the next one has another: none of it is in its way. */
function describeWaiting(goes: readonly Resource[]): string[] {
  const keys = goes.filter(({ category }) => category === "kms-keys");
  const secrets = goes.filter(({ category }) => category === "secrets");
  if (keys.length + secrets.length === 0) return [];
  const some = countByCategory([...keys, ...secrets]);
  return [
    `Not at once: ${some}; AWS keeps secrets for 7 days and keys for up to 30, free of charge, and they can be brought back.`,
    "  A new install under the same name can follow at once: it has another id, which is in their names.",
  ];
}

/** The last word of a cleanup: what an audit finds by now. */
export async function describeAudit(cleanup: Cleanup): Promise<string[]> {
  const { data } = cleanup;
  const { resources } = await cleanup.inventory();
  const waiting = resources.filter(({ going }) => going?.waits === "days");
  const kept = resources.filter((one) => data === "keep" && isData(one) && !one.going);
  const things = kept.filter(({ category }) => category !== "terraform-state");
  const unknownToState = things.filter(({ state }) => state === "orphan");
  return [
    things.length === 0
      ? "audit: nothing left"
      : `audit: nothing left but kept data${formatCost(things)}: ${countByCategory(things)}`,
    ...describeHomes(things, "stay; the next install takes them over"),
    ...unknownToState.map(
      ({ category, id }) =>
        `! ${category} ${id}: Terraform's state does not know it, so that no install takes it over; hubctl audit tells more`,
    ),
    ...waiting.map(({ category, id, going }) => `  ${category} ${id}: ${going?.words ?? ""}`),
  ];
}

function formatCost(resources: readonly Resource[]): string {
  const cost = resources.reduce((sum, { monthlyCost = 0 }) => sum + monthlyCost, 0);
  return cost < 0.005 ? "" : ` (about ${dollars(cost)} a month)`;
}

function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1000 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power] ?? ""}`;
}
