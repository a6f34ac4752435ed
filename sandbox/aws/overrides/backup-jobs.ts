import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join, normalize } from "node:path";
import { errorAnswer, jsonAnswer } from "../answers.ts";
import { jsonParameters, type Override, type ReceivedRequest } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

interface RecoveryPoint {
  RecoveryPointArn: string;
  BackupVaultName: string;
  ResourceArn: string;
  ResourceType: string;
  CreationDate: number;
  IamRoleArn: string;
  jobId: string;
  tags: Record<string, string>;
}

interface RestoreJob {
  RestoreJobId: string;
  RecoveryPointArn: string;
  CreationDate: number;
  CreatedResourceArn: string;
}

/** Jobs take minutes on AWS. */
const jobSeconds = 1;

/**
 * moto has vaults that are always empty. Here backups and restores take a moment, hold what the file system holds (its
 * folder among the volumes of the sandbox), and a vault with recovery points can't be deleted
 * (https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html#delete-a-vault).
 */
export function runBackupJobs({ account, moto, notes, volumes }: OverrideContext): Override {
  const points = notes.map("recovery-points");
  const restores = notes.map("restore-jobs");
  const all = () => [...points.values()].map((text) => JSON.parse(text) as RecoveryPoint);
  const find = (arn: string) => all().find(({ RecoveryPointArn }) => RecoveryPointArn === arn);

  return async (request) => {
    if (request.service !== "backup") return undefined;
    const { method } = request;
    const [, root = "", name = "", kind, arn = "", part] = request.path.split("/").map(decodeURIComponent);
    const route = `${method} ${root}`;
    if (route === "GET tags") return tagsOf(request, name);
    if (route === "PUT backup-jobs") return startBackup(request);
    if (route === "GET backup-jobs") return describeBackup(request, name);
    if (route === "PUT restore-jobs") return startRestore(request);
    if (route === "GET restore-jobs") return describeRestore(request, name);
    if (root !== "backup-vaults" || name === "") return undefined;
    if (kind === undefined) return method === "DELETE" ? refuseUnlessEmpty(request, name) : undefined;
    if (kind !== "recovery-points") return undefined;
    if (arn === "") return method === "GET" ? listPoints(request, name) : undefined;
    const point = find(arn);
    if (point?.BackupVaultName !== name) return notFound(request, `Recovery point ${arn}`);
    if (method === "DELETE") return deletePoint(request, point);
    return jsonAnswer(part === "restore-metadata" ? metadataOf(point) : describePoint(point));
  };

  function tagsOf(request: ReceivedRequest, arn: string): Promise<AwsResponse> | AwsResponse {
    const point = find(arn);
    if (point) return jsonAnswer({ Tags: point.tags });
    // moto finds the ARN by the slash behind it, which SDKs leave out.
    return moto.forward(request.path.endsWith("/") ? request : { ...request, path: `${request.path}/` });
  }

  async function startBackup(request: ReceivedRequest): Promise<AwsResponse> {
    const {
      BackupVaultName = "",
      ResourceArn = "",
      IamRoleArn = "",
      RecoveryPointTags = {},
    } = jsonParameters(request) as {
      BackupVaultName?: string;
      ResourceArn?: string;
      IamRoleArn?: string;
      RecoveryPointTags?: object;
    };
    if (!(await isVault(request, BackupVaultName))) return notFound(request, `Backup vault ${BackupVaultName}`);
    const id = randomUUID();
    const point: RecoveryPoint = {
      RecoveryPointArn: `arn:aws:backup:${request.region}:${account}:recovery-point:${id}`,
      BackupVaultName,
      ResourceArn,
      ResourceType: "EFS",
      CreationDate: seconds(),
      IamRoleArn,
      jobId: randomUUID(),
      tags: RecoveryPointTags as Record<string, string>,
    };
    const from = join(volumes, fileSystemOf(ResourceArn));
    mkdirSync(keptIn(volumes, point), { recursive: true });
    if (existsSync(from)) cpSync(from, keptIn(volumes, point), { recursive: true });
    points.set(point.RecoveryPointArn, JSON.stringify(point));
    const { RecoveryPointArn, CreationDate, jobId: BackupJobId } = point;
    return jsonAnswer({ BackupJobId, RecoveryPointArn, CreationDate });
  }

  function describeBackup(request: ReceivedRequest, id: string): AwsResponse {
    const point = all().find(({ jobId }) => jobId === id);
    if (!point) return notFound(request, `Backup job ${id}`);
    const State = isOver(point) ? "COMPLETED" : "RUNNING";
    const { RecoveryPointArn, BackupVaultName, ResourceArn, CreationDate } = point;
    return jsonAnswer({ BackupJobId: id, State, RecoveryPointArn, BackupVaultName, ResourceArn, CreationDate });
  }

  /** Into a new folder beside all others: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html */
  function startRestore(request: ReceivedRequest): AwsResponse {
    const { RecoveryPointArn = "", Metadata = {} } = jsonParameters(request) as {
      RecoveryPointArn?: string;
      Metadata?: Record<string, string>;
    };
    const point = find(RecoveryPointArn);
    if (!point) return notFound(request, `Recovery point ${RecoveryPointArn}`);
    if (!isOver(point)) return errorAnswer(request, 400, "InvalidRequestException", "Recovery point is not complete");
    const fileSystem = Metadata["file-system-id"] ?? "";
    if (fileSystem === "" || Metadata["newFileSystem"] !== "false") {
      const message = "Only restores to an existing file system are simulated: file-system-id and newFileSystem=false";
      return errorAnswer(request, 400, "InvalidParameterValueException", message);
    }
    const folder = `aws-backup-restore_${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
    const items =
      Metadata["ItemsToRestore"] === undefined ? ["/"] : (JSON.parse(Metadata["ItemsToRestore"]) as string[]);
    mkdirSync(join(volumes, fileSystem, folder), { recursive: true });
    for (const item of items) {
      const path = normalize(`/${item}`);
      const from = join(keptIn(volumes, point), path);
      if (existsSync(from)) cpSync(from, join(volumes, fileSystem, folder, path), { recursive: true });
    }
    const job: RestoreJob = {
      RestoreJobId: randomUUID(),
      RecoveryPointArn,
      CreationDate: seconds(),
      CreatedResourceArn: point.ResourceArn,
    };
    restores.set(job.RestoreJobId, JSON.stringify(job));
    return jsonAnswer({ RestoreJobId: job.RestoreJobId });
  }

  function describeRestore(request: ReceivedRequest, id: string): AwsResponse {
    const text = restores.get(id);
    if (text === undefined) return notFound(request, `Restore job ${id}`);
    const job = JSON.parse(text) as RestoreJob;
    return jsonAnswer({ ...job, Status: isOver(job) ? "COMPLETED" : "RUNNING" });
  }

  function deletePoint(request: ReceivedRequest, point: RecoveryPoint): AwsResponse {
    if (!isOver(point)) {
      return errorAnswer(request, 400, "InvalidResourceStateException", "The recovery point is still being created");
    }
    points.delete(point.RecoveryPointArn);
    rmSync(keptIn(volumes, point), { recursive: true, force: true });
    return { status: 200, headers: {}, body: "" };
  }

  async function isVault(request: ReceivedRequest, name: string): Promise<boolean> {
    const look = { ...request, method: "GET", path: `/backup-vaults/${encodeURIComponent(name)}`, rawQuery: "" };
    return (await moto.forward(look, "")).status === 200;
  }

  async function listPoints(request: ReceivedRequest, vault: string): Promise<AwsResponse> {
    if (!(await isVault(request, vault))) return notFound(request, `Backup vault ${vault}`);
    const resource = request.query.get("resourceArn");
    const found = all().filter(
      ({ BackupVaultName, ResourceArn }) =>
        BackupVaultName === vault && (resource === null || ResourceArn === resource),
    );
    return jsonAnswer({ RecoveryPoints: found.map(describePoint) });
  }

  function refuseUnlessEmpty(request: ReceivedRequest, vault: string): AwsResponse | undefined {
    if (!all().some(({ BackupVaultName }) => BackupVaultName === vault)) return undefined;
    const message = `Backup vault cannot be deleted (contains recovery points): ${vault}`;
    return errorAnswer(request, 400, "InvalidRequestException", message);
  }
}

function describePoint(point: RecoveryPoint): object {
  const { RecoveryPointArn, BackupVaultName, ResourceArn, ResourceType, CreationDate, IamRoleArn } = point;
  const shown = { RecoveryPointArn, BackupVaultName, ResourceArn, ResourceType, CreationDate, IamRoleArn };
  return { ...shown, Status: isOver(point) ? "COMPLETED" : "CREATING", BackupSizeInBytes: 1_000_000 };
}

function metadataOf({ RecoveryPointArn, ResourceArn, BackupVaultName }: RecoveryPoint): object {
  const RestoreMetadata = { "file-system-id": fileSystemOf(ResourceArn), Encrypted: "true" };
  return { BackupVaultArn: BackupVaultName, RecoveryPointArn, RestoreMetadata };
}

/** Part of the volumes, and so of snapshots. */
function keptIn(volumes: string, { RecoveryPointArn }: RecoveryPoint): string {
  return join(volumes, "recovery-points", RecoveryPointArn.split(":").at(-1) ?? "");
}

function fileSystemOf(arn: string): string {
  return arn.split("/").at(-1) ?? "";
}

function isOver({ CreationDate }: { CreationDate: number }): boolean {
  return seconds() - CreationDate >= jobSeconds;
}

function seconds(): number {
  return Date.now() / 1000;
}

function notFound(request: ReceivedRequest, what: string): AwsResponse {
  return errorAnswer(request, 400, "ResourceNotFoundException", `${what} not found`);
}
