import { DeleteObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { AwsClients } from "./clients.ts";
import { isStatus, stateBucketName } from "./state-bucket.ts";

/** What Terraform writes about itself: https://developer.hashicorp.com/terraform/language/backend/s3#state-locking */
const stateLockSchema = z.object({
  Operation: z.string(),
  /** "user@host" */
  Who: z.string(),
  Created: z.iso.datetime(),
});

export type StateLock = z.infer<typeof stateLockSchema>;

/**
 * Deletes Terraform's lock of a state if `isDead` says so of its holder, and only that very lock.
 * @param stateKey key of the state that the lock is of
 * @returns the lock that was deleted
 */
export async function releaseStateLock(
  aws: AwsClients,
  { account, stateKey }: { account: string; stateKey: string },
  isDead: (lock: StateLock) => boolean,
): Promise<StateLock | undefined> {
  const target = {
    Bucket: stateBucketName(account, aws.region),
    Key: `${stateKey}.tflock`,
    ExpectedBucketOwner: account,
  };
  try {
    const { Body, ETag } = await aws.s3.send(new GetObjectCommand(target));
    const lock = stateLockSchema.parse(JSON.parse((await Body?.transformToString()) ?? ""));
    if (!isDead(lock)) return undefined;
    await aws.s3.send(new DeleteObjectCommand({ ...target, IfMatch: ETag }));
    return lock;
  } catch (error) {
    // There is none, or it is another one by now.
    if (isStatus(error, 404) || isStatus(error, 412)) return undefined;
    throw error;
  }
}
