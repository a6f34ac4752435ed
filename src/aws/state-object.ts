import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { AwsClients } from "./clients.ts";
import { isStatus, stateBucketName } from "./state-bucket.ts";

/** A file of a deployment in the state bucket, as it is now or in one version; undefined when there is none. */
export async function readStateObject(
  aws: AwsClients,
  account: string,
  key: string,
  version?: string,
): Promise<string | undefined> {
  try {
    const answer = await aws.s3.send(
      new GetObjectCommand({
        Bucket: stateBucketName(account, aws.region),
        Key: key,
        ...(version !== undefined && { VersionId: version }),
        ExpectedBucketOwner: account,
      }),
    );
    return await answer.Body?.transformToString();
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Gives the id of the version that it has made. */
export async function writeStateObject(
  aws: AwsClients,
  account: string,
  key: string,
  text: string,
  abortSignal?: AbortSignal,
): Promise<string> {
  const put = new PutObjectCommand({
    Bucket: stateBucketName(account, aws.region),
    Key: key,
    Body: text,
    ExpectedBucketOwner: account,
  });
  const { VersionId } = await aws.s3.send(put, { ...(abortSignal && { abortSignal }) });
  // What an object without versions is called: https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
  return VersionId ?? "null";
}

/** All keys that begin like that, in order; none when there is no such bucket. */
export async function listStateKeys(aws: AwsClients, account: string, prefix: string): Promise<string[]> {
  const bucket = { Bucket: stateBucketName(account, aws.region), ExpectedBucketOwner: account };
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  try {
    do {
      const page = await aws.s3.send(
        new ListObjectsV2Command({ ...bucket, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) }),
      );
      keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return keys;
}
