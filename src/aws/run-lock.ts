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
  /** The holder's last sign of life, by its own clock. */
  renewed: z.iso.datetime(),
});

type LockHolder = z.infer<typeof holderSchema>;

const renewEverySeconds = 30;
/** Shorter than the time between two of them, so that they never pile up. */
const renewWithinSeconds = 20;

export interface RunLock {
  release(): Promise<void>;
}

/** A lock that somebody else has. */
export interface HeldLock {
  holder: LockHolder;
  etag: string;
  /** For how long it has not been renewed, by AWS's clock; unknown of a living process of this machine. */
  silentSeconds?: number;
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
  /** Hears once that somebody else has the lock now. */
  onLost(winner: HeldLock | undefined): void;
  /** Hears of a sign of life that could not be given, and will be tried again. */
  onSilence(error: unknown): void;
}

/**
 * Tries once to take the deployment's run lock, an object in the state bucket: created only if absent, replaced and
 * deleted only if unchanged (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html).
 * `takeOver` is the ETag of a lock that may be taken from its holder. Without a lock it tells who has it, if that one
 * still has.
 */
export async function tryRunLock(
  aws: AwsClients,
  request: LockRequest,
  takeOver?: string,
): Promise<{ lock: RunLock } | { held: HeldLock | undefined }> {
  const lockObject = openLockObject(aws, request);
  const now = new Date().toISOString();
  const holder: LockHolder = {
    principal: request.principal,
    user: userInfo().username,
    host: hostname(),
    machine: request.machine,
    pid: process.pid,
    identity: (await request.identify(process.pid)) ?? "",
    command: request.command,
    since: now,
    renewed: now,
  };
  const take = async (condition: Condition) => ({
    lock: holdLock(lockObject, { holder, etag: await lockObject.put(holder, condition) }, request),
  });
  try {
    return await take({ IfNoneMatch: "*" });
  } catch (error) {
    if (!isTaken(error)) throw error;
    const found = await lockObject.read();
    // It is our own when the answer to our call was lost and the SDK made the call again.
    const isFree =
      !found ||
      found.etag === takeOver ||
      isDeepStrictEqual(found.holder, holder) ||
      (await isDead(found.holder, request));
    if (!isFree) return { held: await withSilence(found, error, request) };
    try {
      return await take(found ? { IfMatch: found.etag } : { IfNoneMatch: "*" });
    } catch (second) {
      if (!isTaken(second) && !isStatus(second, 404)) throw second;
      const winner = await lockObject.read();
      return { held: winner && (await withSilence(winner, second, request)) };
    }
  }
}

/** Only a process of this machine can be known to be dead. */
async function isDead({ machine, pid, identity }: LockHolder, request: LockRequest): Promise<boolean> {
  return machine === request.machine && (await request.identify(pid)) !== identity;
}

/** AWS's own clock tells both times: when the object was written, and when it refused to have it written again. */
async function withSilence(
  { modified, ...held }: FoundLock,
  refusal: unknown,
  request: LockRequest,
): Promise<HeldLock> {
  const isAlive = held.holder.machine === request.machine && !(await isDead(held.holder, request));
  const now = (refusal as { $response?: { headers?: Record<string, string> } }).$response?.headers?.["date"];
  if (isAlive || modified === undefined || now === undefined) return held;
  return { ...held, silentSeconds: (Date.parse(now) - modified.getTime()) / 1000 };
}

/** Renews the lock while the run lasts, without holding the process up. */
function holdLock(
  lockObject: LockObject,
  first: { holder: LockHolder; etag: string },
  { onLost, onSilence }: Pick<LockRequest, "onLost" | "onSilence">,
): RunLock {
  let { holder, etag } = first;
  let isLost = false;
  let renewing = Promise.resolve();
  const lose = (winner: HeldLock | undefined): void => {
    isLost = true;
    clearInterval(timer);
    onLost(winner);
  };
  const renew = async (): Promise<void> => {
    const renewed = { ...holder, renewed: new Date().toISOString() };
    try {
      etag = await lockObject.put(renewed, { IfMatch: etag }, AbortSignal.timeout(renewWithinSeconds * 1000));
      holder = renewed;
    } catch (error) {
      if (!isTaken(error) && !isStatus(error, 404)) throw error;
      // The answer to an earlier call may have been lost: then the object is ours all the same.
      const found = await lockObject.read();
      if (found && isSameRun(found.holder, holder)) ({ holder, etag } = found);
      else lose(found);
    }
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew).catch(onSilence);
  }, renewEverySeconds * 1000);
  timer.unref();

  return {
    async release() {
      clearInterval(timer);
      await renewing;
      if (isLost) return;
      try {
        await lockObject.delete(etag);
      } catch (error) {
        if (!isTaken(error) && !isStatus(error, 404)) throw error;
        const found = await lockObject.read();
        // Gone or taken over by somebody else: then it is not ours to delete.
        if (found && isSameRun(found.holder, holder)) await lockObject.delete(found.etag);
      }
    },
  };
}

function isSameRun(one: LockHolder, other: LockHolder): boolean {
  return isDeepStrictEqual({ ...one, renewed: "" }, { ...other, renewed: "" });
}

type Condition = { IfNoneMatch: "*" } | { IfMatch: string };

interface FoundLock {
  holder: LockHolder;
  etag: string;
  modified: Date | undefined;
}

interface LockObject {
  put(holder: LockHolder, condition: Condition, abortSignal?: AbortSignal): Promise<string>;
  read(): Promise<FoundLock | undefined>;
  delete(etag: string): Promise<void>;
}

function openLockObject(aws: AwsClients, { account, deployment }: LockRequest): LockObject {
  const target = {
    Bucket: stateBucketName(account, aws.region),
    Key: `deployments/${deployment}/run.lock`,
    ExpectedBucketOwner: account,
  };
  return {
    async put(holder, condition, abortSignal) {
      const put = new PutObjectCommand({ ...target, ...condition, Body: JSON.stringify(holder) });
      return (await aws.s3.send(put, { ...(abortSignal && { abortSignal }) })).ETag ?? "";
    },
    async read() {
      try {
        const { Body, ETag = "", LastModified } = await aws.s3.send(new GetObjectCommand(target));
        const holder = parseHolder((await Body?.transformToString()) ?? "", target);
        return { holder, etag: ETag, modified: LastModified };
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    async delete(etag) {
      await aws.s3.send(new DeleteObjectCommand({ ...target, IfMatch: etag }));
    },
  };
}

function parseHolder(text: string, { Bucket, Key }: { Bucket: string; Key: string }): LockHolder {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError("RunLockUnreadable", `the run lock s3://${Bucket}/${Key} is none that this hubctl knows`, {
      hint: `if no run is under way: aws s3 rm s3://${Bucket}/${Key}`,
      cause,
    });
  }
}

/** 412: the condition does not hold; 409: a concurrent write, which means the same to us. */
function isTaken(error: unknown): boolean {
  return isStatus(error, 412) || isStatus(error, 409);
}
