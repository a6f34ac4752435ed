import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { AwsClients } from "./clients.ts";
import { isStatus, stateBucketName } from "./state-bucket.ts";

/** A file of a deployment in the state bucket; undefined when there is none. */
export async function readStateObject(aws: AwsClients, account: string, key: string): Promise<string | undefined> {
  try {
    const answer = await aws.s3.send(
      new GetObjectCommand({ Bucket: stateBucketName(account, aws.region), Key: key, ExpectedBucketOwner: account }),
    );
    return await answer.Body?.transformToString();
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

export async function writeStateObject(aws: AwsClients, account: string, key: string, text: string): Promise<void> {
  await aws.s3.send(
    new PutObjectCommand({
      Bucket: stateBucketName(account, aws.region),
      Key: key,
      Body: text,
      ExpectedBucketOwner: account,
    }),
  );
}
