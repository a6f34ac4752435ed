import { DeleteBucketCommand, DeleteObjectsCommand, type ObjectIdentifier } from "@aws-sdk/client-s3";
import { ToolError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { listVersions } from "./inventory/terraform-state.ts";
import { isStatus, stateBucketName } from "./state-bucket.ts";

interface DeploymentRecords {
  account: string;
  deployment: string;
}

/** DeleteObjects takes so many at a time. */
const mostAtOnce = 1000;

/**
 * Removes all that the state bucket holds of a deployment, older versions included, but its run lock: nobody may begin an
 * install while only half of it is gone.
 */
export async function removeRecords(aws: AwsClients, { account, deployment }: DeploymentRecords): Promise<void> {
  const prefix = `deployments/${deployment}/`;
  const doomed: ObjectIdentifier[] = [];
  for await (const { Key, VersionId } of versionsOf(aws, account, prefix)) {
    if (Key !== lockKey(deployment)) doomed.push({ Key, VersionId });
  }
  await deleteVersions(aws, account, doomed);
}

/**
 * Removes what a run lock that was given back has left, and the bucket if nothing else is in it. That no other deployment
 * loses anything is S3's own doing: it deletes no bucket that holds something, and whoever installs has his lock in it
 * first. A lock that somebody has taken meanwhile stays.
 */
export async function removeUnlockedRecords(
  aws: AwsClients,
  { account, deployment }: DeploymentRecords,
): Promise<void> {
  const doomed: ObjectIdentifier[] = [];
  let isTaken = false;
  for await (const version of versionsOf(aws, account, lockKey(deployment))) {
    const { Key, VersionId, IsLatest } = version;
    // Only what was put there has a size; what marks it as deleted has none.
    if (IsLatest === true && "Size" in version) isTaken = true;
    else doomed.push({ Key, VersionId });
  }
  if (isTaken) return;
  await deleteVersions(aws, account, doomed);
  try {
    const Bucket = stateBucketName(account, aws.region);
    await aws.s3.send(new DeleteBucketCommand({ Bucket, ExpectedBucketOwner: account }));
  } catch (error) {
    const isOthers = error instanceof Error && error.name === "BucketNotEmpty";
    if (!isOthers && !isStatus(error, 404)) throw error;
  }
}

function lockKey(deployment: string): string {
  return `deployments/${deployment}/run.lock`;
}

function versionsOf(aws: AwsClients, account: string, Prefix: string) {
  return listVersions(aws, { Bucket: stateBucketName(account, aws.region), ExpectedBucketOwner: account, Prefix });
}

async function deleteVersions(aws: AwsClients, account: string, doomed: readonly ObjectIdentifier[]): Promise<void> {
  const Bucket = stateBucketName(account, aws.region);
  for (let start = 0; start < doomed.length; start += mostAtOnce) {
    const Objects = doomed.slice(start, start + mostAtOnce);
    const { Errors: [refused] = [] } = await aws.s3.send(
      new DeleteObjectsCommand({ Bucket, ExpectedBucketOwner: account, Delete: { Objects, Quiet: true } }),
    );
    if (refused) {
      throw new ToolError("StateNotRemoved", `could not remove ${refused.Key ?? "?"} from ${Bucket}`, {
        output: refused.Message ?? refused.Code ?? "",
        hint: "mend what AWS says, then run it again: everything else is gone",
      });
    }
  }
}
