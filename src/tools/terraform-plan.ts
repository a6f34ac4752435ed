import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

export interface ResourceChange {
  /** "aws_eks_cluster.this" */
  address: string;
  /** "aws_eks_cluster" */
  type: string;
  /** In AWS, as Terraform calls it; only known of what exists. */
  id?: string;
  /** Attributes that cannot be changed in place, as dotted paths; only known of replacements. */
  forcedBy: string[];
  /** Terraform's reason code, such as "replace_because_cannot_update". */
  reason?: string;
  /** Where it was before a `moved` block led it here. */
  formerAddress?: string;
  /** What its successor has replaced already, and only its deletion is left. */
  isDeposed?: boolean;
}

export interface PlanSummary {
  create: ResourceChange[];
  update: ResourceChange[];
  replace: ResourceChange[];
  delete: ResourceChange[];
  /** Outputs that would change, by name. */
  outputs: string[];
  isEmpty: boolean;
  /** Two plans with the same one would do the same, to the last attribute. */
  fingerprint: string;
}

const planSchema = z.object({
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        previous_address: z.string().optional(),
        deposed: z.string().optional(),
        mode: z.string().default("managed"),
        type: z.string(),
        action_reason: z.string().optional(),
        change: z.object({
          actions: z.array(z.string()),
          before: z.object({ id: z.string() }).nullish().catch(undefined),
          replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).optional(),
        }),
      }),
    )
    .default([]),
  output_changes: z.record(z.string(), z.object({ actions: z.array(z.string()) })).default({}),
});

export function emptyPlan(): PlanSummary {
  return { create: [], update: [], replace: [], delete: [], outputs: [], isEmpty: true, fingerprint: "" };
}

/** Reads `terraform show -json PLANFILE`. */
export function parsePlan(stdout: string): PlanSummary {
  const whole: unknown = JSON.parse(stdout);
  const plan = planSchema.parse(whole);
  const summary = { ...emptyPlan(), fingerprint: fingerprintOf(whole) };
  for (const { address, type, mode, change, ...more } of plan.resource_changes) {
    const { action_reason: reason, previous_address: formerAddress, deposed } = more;
    const list = mode === "managed" ? listFor(summary, change.actions) : undefined;
    const forcedBy = (change.replace_paths ?? []).map((path) => path.join("."));
    const id = change.before?.id;
    list?.push({
      address,
      type,
      forcedBy,
      ...(id === undefined ? {} : { id }),
      ...(reason === undefined ? {} : { reason }),
      ...(formerAddress === undefined ? {} : { formerAddress }),
      ...(deposed === undefined ? {} : { isDeposed: true }),
    });
  }
  for (const [name, { actions }] of Object.entries(plan.output_changes)) {
    if (!actions.every((action) => action === "no-op" || action === "read")) summary.outputs.push(name);
  }
  const lists = [summary.create, summary.update, summary.replace, summary.delete, summary.outputs];
  summary.isEmpty = lists.every((list) => list.length === 0);
  return summary;
}

const doneSchema = z.object({
  address: z.string().optional(),
  deposed: z.string().optional(),
  change: z.looseObject({ actions: z.array(z.string()) }),
});
const whatIsDone = z.object({
  resource_changes: z.array(doneSchema).default([]),
  output_changes: z.record(z.string(), doneSchema.shape.change).default({}),
});

/**
 * Values may be secret, so only a digest of them is kept. Without what stays as it is: AWS counts on meanwhile, the bytes
 * of a file system for example.
 */
function fingerprintOf(plan: unknown): string {
  const { resource_changes: resources, output_changes: outputs } = whatIsDone.parse(plan);
  const done = [
    ...resources.map(({ address, deposed, change }) => ({ address, deposed, change })),
    ...Object.entries(outputs).map(([address, change]) => ({ address, change })),
  ].filter(({ change }) => !change.actions.every((action) => action === "no-op" || action === "read"));
  const content = done.map(({ change, ...which }) => ({ ...which, change: { ...change, ...whatDiffers(change) } }));
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/** Of an object that is changed, the attributes that are not the same before and after. */
function whatDiffers({ before, after }: Record<string, unknown>): object {
  if (!isObject(before) || !isObject(after)) return {};
  const differs = ([name]: [string, unknown]) => !isDeepStrictEqual(before[name], after[name]);
  return {
    before: Object.fromEntries(Object.entries(before).filter(differs)),
    after: Object.fromEntries(Object.entries(after).filter(differs)),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listFor(summary: PlanSummary, actions: readonly string[]): ResourceChange[] | undefined {
  // "forget" takes a resource out of the state and leaves it in AWS as an orphan: as bad as deleting it unasked.
  const goes = actions.includes("delete") || actions.includes("forget");
  if (actions.includes("create")) return goes ? summary.replace : summary.create;
  if (goes) return summary.delete;
  if (actions.includes("update")) return summary.update;
  return undefined;
}

export const tainted = "replace_because_tainted";

/** Its creation was interrupted or failed. */
export function isTainted({ reason }: ResourceChange): boolean {
  return reason === tainted;
}

/** "12 to create, 1 to change" */
export function describePlan(summary: PlanSummary): string {
  const parts = [
    [summary.create, "to create"],
    [summary.update, "to change"],
    [summary.replace, "to replace"],
    [summary.delete, "to delete"],
  ] as const;
  const counted = parts.filter(([list]) => list.length > 0).map(([list, verb]) => `${list.length} ${verb}`);
  if (counted.length > 0) return counted.join(", ");
  return summary.outputs.length > 0 ? "only outputs change" : "nothing to change";
}
