import { createHash } from "node:crypto";
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

const whatIsDone = z.object({ resource_changes: z.unknown().optional(), output_changes: z.unknown().optional() });

/** Values may be secret, so only a digest of them is kept. */
function fingerprintOf(plan: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(whatIsDone.parse(plan)))
    .digest("hex");
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
