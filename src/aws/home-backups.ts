import { randomUUID } from "node:crypto";
import type { BackupClient, RecoveryPointByBackupVault } from "@aws-sdk/client-backup";
import { ToolError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

/** A state of homes and shared folders that AWS Backup holds. */
export interface RecoveryPoint {
  arn: string;
  /** As ISO 8601. */
  made: string;
  bytes: number | undefined;
  /** In AWS's words: "COMPLETED", "CREATING", "PARTIAL", "EXPIRED", … */
  state: string;
}

/** Where the recovery points of a deployment's file system are, and as whom AWS Backup works on it. */
export interface BackupPlace {
  vault: string;
  fileSystemArn: string;
  roleArn: string;
}

/** As the storage stack names it. */
export function vaultName(deployment: string, id: string): string {
  return `${deployment}-${id}`;
}

/** The newest first; undefined if there is no such vault. */
export async function listRecoveryPoints(aws: AwsClients, vault: string): Promise<RecoveryPoint[] | undefined> {
  const { paginateListRecoveryPointsByBackupVault } = await import("@aws-sdk/client-backup");
  const client = await aws.rare.backup();
  const points: RecoveryPoint[] = [];
  try {
    for await (const page of paginateListRecoveryPointsByBackupVault({ client }, { BackupVaultName: vault })) {
      points.push(...(page.RecoveryPoints ?? []).map(readPoint));
    }
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
  return points.sort((one, other) => (one.made < other.made ? 1 : -1));
}

/** When the vault was made, as ISO 8601, and what is in it; undefined if there is none. */
export async function readVault(
  aws: AwsClients,
  vault: string,
): Promise<{ made: string; points: RecoveryPoint[] } | undefined> {
  const points = await listRecoveryPoints(aws, vault);
  if (!points) return undefined;
  const { DescribeBackupVaultCommand } = await import("@aws-sdk/client-backup");
  const client: BackupClient = await aws.rare.backup();
  const { CreationDate } = await client.send(new DescribeBackupVaultCommand({ BackupVaultName: vault }));
  return { made: CreationDate?.toISOString() ?? "", points };
}

/** Whether everything of a recovery point can be brought back. */
export function isComplete({ state }: Pick<RecoveryPoint, "state">): boolean {
  return state === "COMPLETED" || state === "AVAILABLE";
}

function readPoint(point: RecoveryPointByBackupVault): RecoveryPoint {
  return {
    arn: point.RecoveryPointArn ?? "",
    made: point.CreationDate?.toISOString() ?? "",
    bytes: point.BackupSizeInBytes,
    state: point.Status ?? "?",
  };
}

/** Begins a backup beside those of the plan; gives the job's id. */
export async function startHomeBackup(
  aws: AwsClients,
  { vault, fileSystemArn, roleArn }: BackupPlace,
  { keepDays, tags }: { keepDays: number; tags: Record<string, string> },
): Promise<string> {
  const { StartBackupJobCommand } = await import("@aws-sdk/client-backup");
  const { BackupJobId = "" } = await (
    await aws.rare.backup()
  ).send(
    new StartBackupJobCommand({
      BackupVaultName: vault,
      ResourceArn: fileSystemArn,
      IamRoleArn: roleArn,
      Lifecycle: { DeleteAfterDays: keepDays },
      RecoveryPointTags: tags,
    }),
  );
  return BackupJobId;
}

/** How a job stands: done, or how far it is in percent. ToolError in AWS's words if it has failed. */
export type JobStanding = { isDone: true } | { isDone: false; percent: string };

export async function readBackupJob(aws: AwsClients, id: string): Promise<JobStanding> {
  const { DescribeBackupJobCommand } = await import("@aws-sdk/client-backup");
  const client: BackupClient = await aws.rare.backup();
  const job = await client.send(new DescribeBackupJobCommand({ BackupJobId: id }));
  if (job.State === "COMPLETED") return { isDone: true };
  refuseEnded("backup", id, job.State, job.StatusMessage);
  return { isDone: false, percent: job.PercentDone ?? "0" };
}

/** Begins to bring one folder of the file system back, beside what is there; gives the job's id. */
export async function startFolderRestore(
  aws: AwsClients,
  { fileSystemArn, roleArn }: Pick<BackupPlace, "fileSystemArn" | "roleArn">,
  { point, path }: { point: string; path: string },
): Promise<string> {
  const { StartRestoreJobCommand } = await import("@aws-sdk/client-backup");
  const { RestoreJobId = "" } = await (
    await aws.rare.backup()
  ).send(
    new StartRestoreJobCommand({
      RecoveryPointArn: point,
      IamRoleArn: roleArn,
      ResourceType: "EFS",
      // https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html
      Metadata: {
        "file-system-id": fileSystemArn.split("/").at(-1) ?? "",
        newFileSystem: "false",
        CreationToken: randomUUID(),
        Encrypted: "true",
        PerformanceMode: "generalPurpose",
        ItemsToRestore: JSON.stringify([path]),
      },
    }),
  );
  return RestoreJobId;
}

export async function readRestoreJob(aws: AwsClients, id: string): Promise<JobStanding> {
  const { DescribeRestoreJobCommand } = await import("@aws-sdk/client-backup");
  const client: BackupClient = await aws.rare.backup();
  const job = await client.send(new DescribeRestoreJobCommand({ RestoreJobId: id }));
  if (job.Status === "COMPLETED") return { isDone: true };
  refuseEnded("restore", id, job.Status, job.StatusMessage);
  return { isDone: false, percent: job.PercentDone ?? "0" };
}

const goingOn = new Set(["CREATED", "PENDING", "RUNNING", "ABORTING"]);

function refuseEnded(kind: string, id: string, state = "unknown", message = ""): void {
  if (goingOn.has(state)) return;
  throw new ToolError("BackupJobFailed", `AWS Backup's ${kind} job ${id} is ${state}`, { output: message });
}
