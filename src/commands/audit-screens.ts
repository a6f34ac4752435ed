import type { Inventory } from "../aws/inventory/index.ts";
import { categories, categoryNames, type Resource, type State } from "../aws/inventory/resource.ts";
import { dollars } from "../cost/estimate.ts";
import type { Output } from "../ui/output.ts";

const stateWords: Record<State, string> = {
  live: "live",
  "kept-data": "kept data",
  "pending-deletion": "pending deletion",
  orphan: "orphan",
  conflict: "conflict",
};

/** The names of deployments, or the ids of those whose names nothing tells. */
export function deploymentsOf(resources: readonly Resource[]): string[] {
  const names = resources.flatMap(({ owners }) => owners.map(({ deployment, id }) => deployment ?? id));
  return [...new Set(names)].filter((name) => name !== undefined).sort();
}

export function isOf({ owners }: Resource, deployment: string): boolean {
  return owners.some((owner) => owner.deployment === deployment || owner.id === deployment);
}

/** The table, its sum, and what could not be looked at. */
export function describeInventory(
  { account, region, resources, unknown }: Inventory,
  output: Pick<Output, "style">,
  deployment?: string,
): string[] {
  const whose = deployment === undefined ? "" : ` of ${deployment}`;
  const place = `in ${region} (account ${account})`;
  const sum = (Object.keys(stateWords) as State[]).flatMap((state) => {
    const some = resources.filter((resource) => resource.state === state);
    return some.length === 0 ? [] : [`${stateWords[state]}: ${formatTotals(some)}`];
  });
  return [
    ...describeResources(resources, output),
    ...unknown.map(
      ({ category, reason }) =>
        `${output.style("yellow", "!")} ${categories[category]} could not be looked at: ${reason}`,
    ),
    ...(sum.length === 0
      ? [`Nothing${whose} was found ${place}`]
      : [`Found${whose} ${place}:`, ...sum.map((line) => `  ${line}`)]),
  ];
}

/** Grouped by category, each with an empty line behind it. */
export function describeResources(
  resources: readonly Resource[],
  output: Pick<Output, "style">,
  now = new Date(),
): string[] {
  const groups = categoryNames.map((category) => resources.filter((resource) => resource.category === category));
  const rows = new Map(resources.map((resource) => [resource, cellsOf(resource, now)]));
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...[...rows.values()].map((cells) => cells[column]?.length ?? 0)),
  );
  return groups.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const lines = group.map((resource) => {
      const cells = rows.get(resource) ?? [];
      const line = cells.map((cell, column) => (column < 6 ? cell.padEnd(widths[column] ?? 0) : cell)).join("  ");
      return `  ${line.trimEnd()}`;
    });
    return [output.style("bold", categories[first.category]), ...lines, ""];
  });
}

function cellsOf(
  { id, name = "", created, owners, state, going, evidence, monthlyCost }: Resource,
  now: Date,
): string[] {
  return [
    id,
    name === id ? "" : shorten(name),
    owners.map(({ deployment, id: owner }) => deployment ?? owner ?? "-").join(" / "),
    formatAge(created, now),
    going ? going.words : stateWords[state],
    monthlyCost === undefined ? "?" : monthlyCost === 0 ? "-" : `${dollars(monthlyCost)}/month`,
    evidence,
  ];
}

/** "12 (about $34 a month)" */
export function formatTotals(resources: readonly Resource[]): string {
  const cost = resources.reduce((sum, { monthlyCost = 0 }) => sum + monthlyCost, 0);
  return cost === 0 ? String(resources.length) : `${resources.length} (about ${dollars(cost)} a month)`;
}

/** "3 d", "5 h", "2 min" */
export function formatAge(created: Date | undefined, now: Date): string {
  if (created === undefined) return "";
  const minutes = Math.max(0, Math.floor((now.getTime() - created.getTime()) / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

export function toJson({ account, region, resources, unknown }: Inventory): object {
  return { account, region, resources: resources.map(resourceToJson), unknown };
}

export function resourceToJson(resource: Resource): object {
  const { category, id, arn, name, created, tags, owners, evidence, state, going, monthlyCost } = resource;
  const until = going?.words;
  return {
    category,
    id,
    arn,
    name,
    created,
    region: resource.region,
    tags,
    owners,
    evidence,
    state,
    until,
    monthlyCost,
  };
}
