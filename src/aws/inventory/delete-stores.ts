import { DeleteCertificateCommand } from "@aws-sdk/client-acm";
import {
  DeleteBackupPlanCommand,
  DeleteBackupSelectionCommand,
  DeleteBackupVaultCommand,
  DeleteRecoveryPointCommand,
  paginateListBackupSelections,
} from "@aws-sdk/client-backup";
import { DeleteLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DeleteRepositoryCommand } from "@aws-sdk/client-ecr";
import { DeleteAccessPointCommand, DeleteFileSystemCommand, DeleteMountTargetCommand } from "@aws-sdk/client-efs";
import { DeleteRuleCommand, ListTargetsByRuleCommand, RemoveTargetsCommand } from "@aws-sdk/client-eventbridge";
import { DeleteAliasCommand, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import { ChangeResourceRecordSetsCommand, type ResourceRecordSet } from "@aws-sdk/client-route-53";
import { DeleteBucketCommand, DeleteObjectsCommand, type ObjectIdentifier } from "@aws-sdk/client-s3";
import { DeleteSecretCommand } from "@aws-sdk/client-secrets-manager";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { DeleteParameterCommand } from "@aws-sdk/client-ssm";
import type { AwsClients } from "../clients.ts";
import type { Resource } from "./resource.ts";
import { listVersions } from "./terraform-state.ts";

type Delete = (aws: AwsClients, resource: Resource, account: string) => Promise<unknown>;

/** AWS's shortest. Until then they can be brought back, and their name is taken. */
const waitingDays = 7;

/** How what holds data, or tells of things, is deleted. */
export const storeDeletions = {
  "file-systems": ({ efs }, { id }) => efs.send(new DeleteFileSystemCommand({ FileSystemId: id })),
  "mount-targets": ({ efs }, { id }) => efs.send(new DeleteMountTargetCommand({ MountTargetId: id })),
  "access-points": ({ efs }, { id }) => efs.send(new DeleteAccessPointCommand({ AccessPointId: id })),
  "backup-plans": deletePlan,
  "backup-vaults": async ({ rare }, { id }) =>
    (await rare.backup()).send(new DeleteBackupVaultCommand({ BackupVaultName: id })),
  "recovery-points": async ({ rare }, { id, facts }) =>
    (await rare.backup()).send(
      new DeleteRecoveryPointCommand({ BackupVaultName: facts?.["vault"], RecoveryPointArn: id }),
    ),
  "log-groups": async ({ rare }, { id }) => (await rare.logs()).send(new DeleteLogGroupCommand({ logGroupName: id })),
  "kms-keys": async ({ rare }, { id }) =>
    (await rare.kms()).send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: waitingDays })),
  "kms-aliases": async ({ rare }, { id }) => (await rare.kms()).send(new DeleteAliasCommand({ AliasName: id })),
  queues: async ({ rare }, { facts }) => (await rare.sqs()).send(new DeleteQueueCommand({ QueueUrl: facts?.["url"] })),
  "event-rules": deleteRule,
  buckets: async (aws, { id, inUse }, account) => {
    // Our own is only deleted when it is empty: whatever else is in it, hubctl did not put it there.
    if (inUse === undefined) await deleteVersions(aws, account, id);
    await aws.s3.send(new DeleteBucketCommand({ Bucket: id, ExpectedBucketOwner: account }));
  },
  "terraform-state": (aws, { facts = {} }, account) =>
    deleteVersions(aws, account, facts["bucket"] ?? "", facts["prefix"]),
  "image-repositories": async ({ rare }, { id }) =>
    (await rare.ecr()).send(new DeleteRepositoryCommand({ repositoryName: id, force: true })),
  certificates: async ({ rare }, { id }) =>
    (await rare.acm()).send(new DeleteCertificateCommand({ CertificateArn: id })),
  "dns-records": deleteRecord,
  secrets: ({ secrets }, { id }) =>
    secrets.send(new DeleteSecretCommand({ SecretId: id, RecoveryWindowInDays: waitingDays })),
  parameters: ({ ssm }, { id }) => ssm.send(new DeleteParameterCommand({ Name: id })),
} satisfies Record<string, Delete>;

async function deletePlan({ rare }: AwsClients, { id: BackupPlanId }: Resource): Promise<void> {
  const client = await rare.backup();
  for await (const page of paginateListBackupSelections({ client }, { BackupPlanId })) {
    for (const { SelectionId } of page.BackupSelectionsList ?? [])
      await client.send(new DeleteBackupSelectionCommand({ BackupPlanId, SelectionId }));
  }
  await client.send(new DeleteBackupPlanCommand({ BackupPlanId }));
}

async function deleteRule({ rare }: AwsClients, { id: Rule }: Resource): Promise<void> {
  const client = await rare.events();
  // A rule has five targets at most.
  const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule }));
  const Ids = Targets.flatMap(({ Id }) => Id ?? []);
  if (Ids.length > 0) await client.send(new RemoveTargetsCommand({ Rule, Ids }));
  await client.send(new DeleteRuleCommand({ Name: Rule }));
}

async function deleteRecord({ rare }: AwsClients, { facts = {} }: Resource): Promise<void> {
  const ResourceRecordSet = JSON.parse(facts["record"] ?? "{}") as ResourceRecordSet;
  const ChangeBatch = { Changes: [{ Action: "DELETE" as const, ResourceRecordSet }] };
  await (await rare.route53()).send(new ChangeResourceRecordSetsCommand({ HostedZoneId: facts["zone"], ChangeBatch }));
}

/** Also the versions and marks that a deletion would leave behind. S3 takes 1000 at a time. */
async function deleteVersions(aws: AwsClients, account: string, Bucket: string, Prefix?: string): Promise<void> {
  const target = { Bucket, ExpectedBucketOwner: account };
  const request = { ...target, ...(Prefix !== undefined && { Prefix }) };
  let batch: ObjectIdentifier[] = [];
  const send = async () => {
    if (batch.length === 0) return;
    const { Errors: [refused] = [] } = await aws.s3.send(
      new DeleteObjectsCommand({ ...target, Delete: { Objects: batch, Quiet: true } }),
    );
    // The call itself succeeds in any case.
    if (refused) throw Object.assign(new Error(refused.Message), { name: refused.Code ?? "NotDeleted" });
    batch = [];
  };
  for await (const { Key = "", VersionId } of listVersions(aws, request)) {
    if (Prefix !== undefined && !Prefix.endsWith("/") && Key !== Prefix) continue;
    batch.push({ Key, VersionId });
    if (batch.length === 1000) await send();
  }
  await send();
}
