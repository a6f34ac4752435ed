import { randomUUID } from "node:crypto";
import { errorAnswer, jsonAnswer } from "../answers.ts";
import type { Override, ReceivedRequest } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

interface RecoveryPoint {
  RecoveryPointArn: string;
  BackupVaultName: string;
  ResourceArn: string;
  CreationDate: number;
  Status: string;
  BackupSizeInBytes: number;
}

/**
 * moto has vaults that are always empty, and plans that nothing is selected for. A backup is done as soon as it is asked for, and a vault with recovery points
 * can't be deleted (https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html#delete-a-vault).
 */
export function keepRecoveryPoints({ account, moto, notes }: OverrideContext): Override {
  const kept = notes.map("recovery-points");
  const all = () => [...kept.values()].map((text) => JSON.parse(text) as RecoveryPoint);
  return (request) => {
    if (request.service !== "backup") return Promise.resolve(undefined);
    // moto finds the ARN by the slash behind it, which SDKs leave out.
    const isTagList = request.method === "GET" && /^\/tags\/[^/]+$/.test(request.path);
    return isTagList ? moto.forward({ ...request, path: `${request.path}/` }) : Promise.resolve(answer(request));
  };

  function answer(request: ReceivedRequest): AwsResponse | undefined {
    const [, root = "", vault = "", points, arn] = request.path.split("/").map(decodeURIComponent);
    const isSelectionList = request.method === "GET" && /^\/backup\/plans\/[^/]+\/selections\/?$/.test(request.path);
    if (isSelectionList) return jsonAnswer({ BackupSelectionsList: [] });
    if (request.method === "PUT" && root === "backup-jobs") return backUp(request);
    if (root !== "backup-vaults" || vault === "") return undefined;
    if (request.method === "GET" && points === "recovery-points" && !arn) return list(request, vault);
    if (request.method !== "DELETE") return undefined;
    if (points === undefined) return refuseUnlessEmpty(request, vault);
    if (points !== "recovery-points" || arn === undefined) return undefined;
    return kept.delete(arn)
      ? { status: 200, headers: {}, body: "" }
      : errorAnswer(request, 400, "ResourceNotFoundException", `Recovery point ${arn} not found`);
  }

  function backUp({ body, region }: ReceivedRequest): AwsResponse {
    const { BackupVaultName = "", ResourceArn = "" } = JSON.parse(body.toString("utf8")) as Partial<RecoveryPoint>;
    const RecoveryPointArn = `arn:aws:backup:${region}:${account}:recovery-point:${randomUUID()}`;
    const CreationDate = Math.floor(Date.now() / 1000);
    const point = { RecoveryPointArn, BackupVaultName, ResourceArn, CreationDate };
    kept.set(RecoveryPointArn, JSON.stringify({ ...point, Status: "COMPLETED", BackupSizeInBytes: 1_000_000 }));
    return jsonAnswer({ BackupJobId: randomUUID(), RecoveryPointArn, CreationDate });
  }

  function list({ query }: ReceivedRequest, vault: string): AwsResponse {
    const resource = query.get("resourceArn");
    const RecoveryPoints = all().filter(
      (point) => point.BackupVaultName === vault && (resource === null || point.ResourceArn === resource),
    );
    return jsonAnswer({ RecoveryPoints });
  }

  function refuseUnlessEmpty(request: ReceivedRequest, vault: string): AwsResponse | undefined {
    if (!all().some(({ BackupVaultName }) => BackupVaultName === vault)) return undefined;
    const message = `Backup vault cannot be deleted (contains recovery points): ${vault}`;
    return errorAnswer(request, 400, "InvalidRequestException", message);
  }
}
