import { UserError } from "../errors.ts";
import { isTainted, type PlanSummary, type ResourceChange } from "./terraform-plan.ts";

/** Something that exists, that people rely on, and that a plan would take away. */
export interface Loss {
  /** What `--allow-replace` names it by: Terraform's address, or "Kind/namespace/name" of an object of the cluster. */
  address: string;
  /** Where Terraform knew it before, if it has moved; it may be named by that, too. */
  formerAddress?: string;
  verb: "replace" | "delete";
  /** "file system" */
  kind: string;
  /** Its replacement would be empty: the deployment's name is asked for as well. */
  carriesData: boolean;
  /** "cidr_block cannot be changed in place" */
  why?: string;
  /** The attributes that force it. */
  forcedBy: readonly string[];
}

interface Precious {
  kind: string;
  carriesData?: true;
}

/** Resources whose loss ends users' sessions, takes the hub away or loses data, whatever they are called. */
const precious: Readonly<Record<string, Precious>> = {
  aws_eks_cluster: { kind: "cluster" },
  aws_eks_node_group: { kind: "node group" },
  aws_vpc: { kind: "VPC" },
  aws_subnet: { kind: "subnet" },
  aws_efs_file_system: { kind: "file system", carriesData: true },
  aws_efs_access_point: { kind: "access point of a file system" },
  aws_efs_mount_target: { kind: "mount target of a file system" },
  aws_fsx_lustre_file_system: { kind: "file system", carriesData: true },
  aws_fsx_ontap_file_system: { kind: "file system", carriesData: true },
  aws_fsx_openzfs_file_system: { kind: "file system", carriesData: true },
  aws_fsx_openzfs_volume: { kind: "volume", carriesData: true },
  aws_ebs_volume: { kind: "volume", carriesData: true },
  aws_ebs_snapshot: { kind: "snapshot", carriesData: true },
  aws_s3_bucket: { kind: "bucket", carriesData: true },
  aws_secretsmanager_secret: { kind: "secret", carriesData: true },
  aws_backup_vault: { kind: "backup vault", carriesData: true },
  aws_ecr_repository: { kind: "image repository", carriesData: true },
  aws_db_instance: { kind: "database", carriesData: true },
  aws_rds_cluster: { kind: "database", carriesData: true },
  aws_dynamodb_table: { kind: "table", carriesData: true },
  // Without it, what it has encrypted is lost.
  aws_kms_key: { kind: "encryption key", carriesData: true },
  aws_route53_zone: { kind: "hosted zone", carriesData: true },
};

/** What would be lost only because Terraform did not see its creation end. */
export function preciousTainted({ replace }: PlanSummary): ResourceChange[] {
  return replace.filter((change) => isTainted(change) && Object.hasOwn(precious, change.type));
}

/**
 * What a Terraform plan would take away that nobody loses unasked. Terraform also replaces what it could not finish
 * creating; `isHalfMade` says of such a resource that nothing depends on it yet, so that a run can be resumed.
 */
export function findLosses(
  summary: PlanSummary,
  isHalfMade: (change: ResourceChange) => boolean = () => false,
): Loss[] {
  const going = [
    ...summary.replace.map((change) => ({ change, verb: "replace" as const })),
    ...summary.delete.map((change) => ({ change, verb: "delete" as const })),
  ];
  return going.flatMap(({ change, verb }): Loss[] => {
    const { address, type, formerAddress, forcedBy } = change;
    const known = Object.hasOwn(precious, type) ? precious[type] : undefined;
    if (known === undefined || isReplaced(change) || (isTainted(change) && isHalfMade(change))) return [];
    const why = whyLost(change);
    return [
      {
        address,
        ...(formerAddress === undefined ? {} : { formerAddress }),
        verb,
        kind: known.kind,
        carriesData: known.carriesData ?? false,
        ...(why === undefined ? {} : { why }),
        forcedBy,
      },
    ];
  });
}

/** The old node group whose successor is there already: an interrupted replacement comes to its end. */
function isReplaced({ type, isDeposed = false }: ResourceChange): boolean {
  return isDeposed && type === "aws_eks_node_group";
}

function whyLost(change: ResourceChange): string | undefined {
  if (change.forcedBy.length > 0) return `${change.forcedBy.join(", ")} cannot be changed in place`;
  if (isTainted(change)) return "its creation was interrupted";
  return change.reason?.replaceAll("_", " ");
}

export function isAllowed({ address, formerAddress }: Loss, allowed: readonly string[]): boolean {
  return allowed.includes(address) || (formerAddress !== undefined && allowed.includes(formerAddress));
}

/** UserError PlanWouldDestroy, with everything that would be lost and was not named. */
export function refuseLosses(
  losses: readonly Loss[],
  allowed: readonly string[] = [],
  outcome = "nothing was touched",
): void {
  const refused = losses.filter((loss) => !isAllowed(loss, allowed));
  if (refused.length === 0) return;
  const lines = refused.map(describeLoss);
  const attributes = [...new Set(refused.flatMap(({ forcedBy }) => forcedBy))];
  const flags = refused.map(({ address }) => `--allow-replace ${quote(address)}`).join(" ");
  const undo =
    attributes.length === 0
      ? "undo the change of the configuration, or of what is in AWS, that makes this necessary"
      : `set ${attributes.join(", ")} back to what it was, in the configuration or in AWS`;
  throw new UserError("PlanWouldDestroy", `the plan would ${lines.join("; ")}; ${outcome}`, {
    output: lines.join("\n"),
    hint: `${undo}; or, if it may be lost, add to hubctl update: ${flags}`,
  });
}

/** "replace the VPC aws_vpc.this[0] (cidr_block cannot be changed in place)" */
export function describeLoss({ verb, kind, address, why }: Loss): string {
  return `${verb} the ${kind} ${address}${why === undefined ? "" : ` (${why})`}`;
}

/** As one would type it in a shell: addresses hold brackets and quotation marks. */
function quote(address: string): string {
  return /^[\w@%+=:,./-]+$/.test(address) ? address : `'${address}'`;
}
