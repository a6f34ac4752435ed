import { z } from "zod";
import { UserError } from "../errors.ts";

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
}

export interface PlanSummary {
  create: ResourceChange[];
  update: ResourceChange[];
  replace: ResourceChange[];
  delete: ResourceChange[];
  /** Outputs that would change, by name. */
  outputs: string[];
  isEmpty: boolean;
}

const planSchema = z.object({
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
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
  return { create: [], update: [], replace: [], delete: [], outputs: [], isEmpty: true };
}

/** Reads `terraform show -json PLANFILE`. */
export function parsePlan(stdout: string): PlanSummary {
  const plan = planSchema.parse(JSON.parse(stdout));
  const summary = emptyPlan();
  for (const { address, type, mode, action_reason: reason, change } of plan.resource_changes) {
    const list = mode === "managed" ? listFor(summary, change.actions) : undefined;
    const forcedBy = (change.replace_paths ?? []).map((path) => path.join("."));
    const id = change.before?.id;
    list?.push({
      address,
      type,
      forcedBy,
      ...(id === undefined ? {} : { id }),
      ...(reason === undefined ? {} : { reason }),
    });
  }
  for (const [name, { actions }] of Object.entries(plan.output_changes)) {
    if (!actions.every((action) => action === "no-op" || action === "read")) summary.outputs.push(name);
  }
  const lists = [summary.create, summary.update, summary.replace, summary.delete, summary.outputs];
  summary.isEmpty = lists.every((list) => list.length === 0);
  return summary;
}

function listFor(summary: PlanSummary, actions: readonly string[]): ResourceChange[] | undefined {
  if (actions.includes("create") && actions.includes("delete")) return summary.replace;
  if (actions.includes("create")) return summary.create;
  // "forget" takes a resource out of the state and leaves it in AWS as an orphan: as bad as deleting it unasked.
  if (actions.includes("delete") || actions.includes("forget")) return summary.delete;
  if (actions.includes("update")) return summary.update;
  return undefined;
}

/** Resources whose loss ends users' sessions, takes the hub away or loses data. */
const precious: Readonly<Record<string, string>> = {
  aws_eks_cluster: "cluster",
  aws_eks_node_group: "node group",
  aws_vpc: "VPC",
  aws_subnet: "subnet",
  aws_efs_file_system: "file system",
  aws_efs_access_point: "access point of a file system",
  aws_efs_mount_target: "mount target of a file system",
  aws_fsx_openzfs_file_system: "file system",
  aws_fsx_openzfs_volume: "volume",
  aws_ebs_volume: "volume",
  aws_s3_bucket: "bucket",
  aws_secretsmanager_secret: "secret",
  aws_backup_vault: "backup vault",
  aws_ecr_repository: "image repository",
  aws_db_instance: "database",
  aws_kms_key: "encryption key",
};

const tainted = "replace_because_tainted";

/** What would be lost only because Terraform did not see its creation end. */
export function preciousTainted({ replace }: PlanSummary): ResourceChange[] {
  return replace.filter((change) => isTainted(change) && Object.hasOwn(precious, change.type));
}

/** Its creation was interrupted or failed. */
export function isTainted({ reason }: ResourceChange): boolean {
  return reason === tainted;
}

/**
 * Refuses a plan that would replace or delete what nobody asked to lose. Terraform also replaces what it could not
 * finish creating; `isHalfMade` says of such a resource that nothing depends on it yet, so that a run can be resumed.
 */
export function refuseDestructive(
  summary: PlanSummary,
  isHalfMade: (change: ResourceChange) => boolean = () => false,
): void {
  const lost = [
    ...summary.replace.map((change) => ({ change, verb: "replace" })),
    ...summary.delete.map((change) => ({ change, verb: "delete" })),
  ]
    .filter(({ change }) => Object.hasOwn(precious, change.type))
    .filter(({ change }) => !(change.reason === tainted && isHalfMade(change)));
  if (lost.length === 0) return;
  const lines = lost.map(({ change, verb }) => {
    const kind = precious[change.type] ?? change.type;
    return `${verb} the ${kind} ${change.address}${whyLost(change)}`;
  });
  const attributes = [...new Set(lost.flatMap(({ change }) => change.forcedBy))];
  throw new UserError("PlanWouldDestroy", `the plan would ${lines.join("; ")}; nothing was touched`, {
    output: lines.join("\n"),
    hint:
      attributes.length === 0
        ? "undo the change of the configuration, or of the resource in AWS, that makes this necessary"
        : `set ${attributes.join(", ")} back to what it was, in the configuration or in AWS`,
  });
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

function whyLost(change: ResourceChange): string {
  if (change.forcedBy.length > 0) return ` (${change.forcedBy.join(", ")} cannot be changed in place)`;
  if (change.reason === tainted) return " (its creation was interrupted)";
  return change.reason === undefined ? "" : ` (${change.reason.replaceAll("_", " ")})`;
}
