import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
} from "@aws-sdk/client-s3";
import { ToolError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { stateBucketName } from "./state-bucket.ts";

interface DeploymentState {
  account: string;
  deployment: string;
}

/** DeleteObjects takes so many at a time, which is also what a page of a listing holds. */
const mostAtOnce = 1000;

/**
 * Removes all that the state bucket holds of a deployment, older versions included, and the bucket itself if nothing
 * else is in it. Whoever calls it has made sure that nothing of the deployment is left to be found again.
 */
export async function removeState(aws: AwsClients, { account, deployment }: DeploymentState): Promise<void> {
  const bucket = { Bucket: stateBucketName(account, aws.region), ExpectedBucketOwner: account };
  const prefix = `deployments/${deployment}/`;
  for (;;) {
    const found = await listVersions(aws, bucket, prefix);
    if (found.length === 0) break;
    const { Errors = [] } = await aws.s3.send(
      new DeleteObjectsCommand({ ...bucket, Delete: { Objects: found, Quiet: true } }),
    );
    const [first] = Errors;
    if (first) {
      throw new ToolError("StateNotRemoved", `could not remove ${first.Key ?? "?"} from ${bucket.Bucket}`, {
        output: first.Message ?? first.Code ?? "",
      });
    }
  }
  try {
    await aws.s3.send(new DeleteBucketCommand(bucket));
  } catch (error) {
    // Another deployment's state is in it: AWS itself looks, so no run of theirs can come in between.
    if (!(error instanceof Error && error.name === "BucketNotEmpty")) throw error;
  }
}

async function listVersions(
  aws: AwsClients,
  bucket: { Bucket: string; ExpectedBucketOwner: string },
  Prefix: string,
): Promise<ObjectIdentifier[]> {
  const page = await aws.s3.send(new ListObjectVersionsCommand({ ...bucket, Prefix, MaxKeys: mostAtOnce }));
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
    Key === undefined || VersionId === undefined ? [] : [{ Key, VersionId }],
  );
}
