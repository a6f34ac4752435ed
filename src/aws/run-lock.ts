import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { hostname, userInfo } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { isStatus, stateBucketName } from "./state-bucket.ts";

const holderSchema = z.object({
  principal: z.string(),
  user: z.string(),
  host: z.string(),
  /** Host names are not unique: "MacBook-Pro.local" is many machines. */
  machine: z.string(),
  pid: z.number(),
  /** Tells the process from a later one of the machine with the same id. */
  identity: z.string(),
  command: z.string(),
  since: z.iso.datetime(),
});

type LockHolder = z.infer<typeof holderSchema>;

export interface RunLock {
  release(): Promise<void>;
}

export interface LockRequest {
  account: string;
  deployment: string;
  principal: string;
  command: string;
  /** Unique to this machine. */
  machine: string;
  /** What tells a running process of this machine from others; undefined when it is gone. A dead holder's lock is taken over. */
  identify(pid: number): Promise<string | undefined>;
}

/**
 * Takes the deployment's run lock, an object in the state bucket: created only if absent, replaced and deleted only if
 * unchanged (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html).
 * UserError RunInProgress says who holds it.
 */
export async function acquireRunLock(aws: AwsClients, request: LockRequest): Promise<RunLock> {
  const target: LockObject = {
    Bucket: stateBucketName(request.account, aws.region),
    Key: `deployments/${request.deployment}/run.lock`,
    ExpectedBucketOwner: request.account,
  };
  const holder: LockHolder = {
    principal: request.principal,
    user: userInfo().username,
    host: hostname(),
    machine: request.machine,
    pid: process.pid,
    identity: (await request.identify(process.pid)) ?? "",
    command: request.command,
    since: new Date().toISOString(),
  };
  const put = (condition: { IfNoneMatch: "*" } | { IfMatch: string }) =>
    aws.s3.send(new PutObjectCommand({ ...target, ...condition, Body: JSON.stringify(holder) }));

  let etag: string | undefined;
  try {
    etag = (await put({ IfNoneMatch: "*" })).ETag;
  } catch (error) {
    if (!isTaken(error)) throw error;
    const found = await readLock(aws, target);
    // It is our own when the answer to our call was lost and the SDK made the call again.
    const isFree = !found || isDeepStrictEqual(found.holder, holder) || (await isDead(found.holder, request));
    if (!isFree) {
      throw heldBy(target, request.deployment, found.holder, error);
    }
    try {
      etag = (await put(found ? { IfMatch: found.etag } : { IfNoneMatch: "*" })).ETag;
    } catch (second) {
      if (!isTaken(second)) throw second;
      const winner = await readLock(aws, target);
      throw heldBy(target, request.deployment, winner?.holder, second);
    }
  }

  return {
    async release() {
      if (etag === undefined) return;
      try {
        await aws.s3.send(new DeleteObjectCommand({ ...target, IfMatch: etag }));
      } catch (error) {
        // Gone or taken over by somebody else: then it is not ours to delete.
        if (!isTaken(error) && !isStatus(error, 404)) throw error;
      }
    },
  };
}

/** Only a process of this machine can be known to be dead. */
async function isDead({ machine, pid, identity }: LockHolder, request: LockRequest): Promise<boolean> {
  return machine === request.machine && (await request.identify(pid)) !== identity;
}

interface LockObject {
  Bucket: string;
  Key: string;
  ExpectedBucketOwner: string;
}

async function readLock(
  aws: AwsClients,
  target: LockObject,
): Promise<{ holder: LockHolder; etag: string } | undefined> {
  try {
    const answer = await aws.s3.send(new GetObjectCommand(target));
    const holder = holderSchema.parse(JSON.parse((await answer.Body?.transformToString()) ?? ""));
    return answer.ETag === undefined ? undefined : { holder, etag: answer.ETag };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

function heldBy(target: LockObject, deployment: string, holder: LockHolder | undefined, cause: unknown): UserError {
  if (!holder) {
    return new UserError("RunInProgress", `deployment ${deployment} is locked: another run has just started`, {
      hint: "run it again",
      cause,
    });
  }
  const { command, user, host, principal, pid, since } = holder;
  return new UserError(
    "RunInProgress",
    `deployment ${deployment} is locked: ${command} by ${user}@${host} (${principal}, process ${pid}) since ${since}`,
    {
      hint:
        `wait until it ends, or end it on ${host}; then run the same command again. ` +
        `If that machine is gone for good: aws s3 rm s3://${target.Bucket}/${target.Key}`,
      cause,
    },
  );
}

/** 412: the condition does not hold; 409: a concurrent write, which means the same to us. */
function isTaken(error: unknown): boolean {
  return isStatus(error, 412) || isStatus(error, 409);
}
