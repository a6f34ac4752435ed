import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { tryRunLock, type LockRequest, type RunLock } from "../../../src/aws/run-lock.ts";
import { fakeBucket, type FakeBucket } from "../../helpers/fake-s3.ts";
import { mockAws } from "../../helpers/installation.ts";

const { s3 } = mockAws();
const aws = createClients("us-east-2");
const key = "deployments/dandihub/run.lock";
let bucket: FakeBucket;
/** Processes that run, on whichever machine. */
let alive: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-21T08:00:00Z") });
  bucket = fakeBucket(s3);
  alive = new Map();
});
afterEach(() => {
  vi.useRealTimers();
});

function operator(name: string, machine = `${name}'s machine`): LockRequest & { lost: unknown[]; silences: unknown[] } {
  const lost: unknown[] = [];
  const silences: unknown[] = [];
  alive.set(name, `${name}'s process`);
  return {
    account: "123456789012",
    deployment: "dandihub",
    principal: `arn:aws:iam::123456789012:user/${name}`,
    command: "hubctl install",
    machine,
    identify: () => Promise.resolve(alive.get(name)),
    onLost: (winner) => lost.push(winner),
    onSilence: (error) => silences.push(error),
    lost,
    silences,
  };
}

async function take(request: LockRequest, takeOver?: string): Promise<RunLock> {
  const attempt = await tryRunLock(aws, request, takeOver);
  if (!("lock" in attempt)) throw new Error(`${attempt.held?.holder.principal ?? "?"} has it`);
  return attempt.lock;
}
async function heldBy(request: LockRequest) {
  const attempt = await tryRunLock(aws, request);
  if ("lock" in attempt) throw new Error("it was free");
  return attempt.held!;
}
async function pass(seconds: number) {
  bucket.now = new Date(bucket.now.getTime() + seconds * 1000);
  await vi.advanceTimersByTimeAsync(seconds * 1000);
}

describe("taking it", () => {
  test("makes an object only if there is none, and deletes only its own", async () => {
    const lock = await take(operator("ada"));
    await lock.release();
    expect(s3.commandCalls(PutObjectCommand)[0]!.args[0].input).toMatchObject({
      Bucket: "hubctl-123456789012-us-east-2",
      Key: key,
      IfNoneMatch: "*",
      ExpectedBucketOwner: "123456789012",
    });
    expect(s3.commandCalls(DeleteObjectCommand)[0]!.args[0].input).toMatchObject({ IfMatch: '"1"' });
    expect(bucket.objects.size).toBe(0);
  });

  test("is for one of two operators; the other one learns who, what and since when", async () => {
    const [ada, ben] = await Promise.all([tryRunLock(aws, operator("ada")), tryRunLock(aws, operator("ben"))]);
    expect(["lock" in ada, "lock" in ben]).toEqual([true, false]);
    expect("held" in ben && ben.held?.holder).toMatchObject({
      principal: "arn:aws:iam::123456789012:user/ada",
      command: "hubctl install",
      pid: process.pid,
      since: "2026-11-21T08:00:00.000Z",
    });
  });

  test("is possible as soon as the other one has given it back", async () => {
    const lock = await take(operator("ada"));
    await lock.release();
    await take(operator("ben"));
    expect(bucket.text(key)).toContain("user/ben");
  });

  test("from a dead process of this machine needs no consent", async () => {
    await take(operator("ada", "one machine"));
    const ben = operator("ben", "one machine");
    alive.set("ben", "another process");
    await take(ben);
    expect(bucket.text(key)).toContain("user/ben");
  });

  test("from a living process of this machine is never possible, however silent it is", async () => {
    await take(operator("ada", "one machine"));
    bucket.now = new Date(bucket.now.getTime() + 3600_000);
    const ben = { ...operator("ben", "one machine"), identify: () => Promise.resolve("ada's process") };
    expect((await heldBy(ben)).silentSeconds).toBeUndefined();
  });

  test("from another machine of the same host name is not possible without consent", async () => {
    await take(operator("ada"));
    alive.clear();
    expect((await heldBy(operator("ben"))).holder.principal).toContain("ada");
  });

  test("knows its own lock again when the answer to the first attempt was lost", async () => {
    let body = "";
    s3.on(PutObjectCommand, { IfNoneMatch: "*" }).callsFake((input: { Body: string }) => {
      body = input.Body;
      bucket.objects.set(key, { text: body, etag: '"first"', modified: bucket.now });
      throw Object.assign(new Error("taken"), { $metadata: { httpStatusCode: 412 } });
    });
    await (await take(operator("ada"))).release();
    expect(bucket.objects.size).toBe(0);
  });

  test("says which object it is that it cannot read", async () => {
    bucket.objects.set(key, { text: "{}", etag: '"x"', modified: bucket.now });
    await expect(tryRunLock(aws, operator("ada"))).rejects.toMatchObject({
      code: "RunLockUnreadable",
      exitCode: 2,
      hint: `if no run is under way: aws s3 rm s3://hubctl-123456789012-us-east-2/${key}`,
    });
  });
});

describe("holding it", () => {
  test("renews it every 30 seconds, and gives the renewed one back", async () => {
    const lock = await take(operator("ada"));
    await pass(61);
    expect(JSON.parse(bucket.text(key)!)).toMatchObject({
      since: "2026-11-21T08:00:00.000Z",
      renewed: "2026-11-21T08:01:00.000Z",
    });
    await lock.release();
    expect(bucket.objects.size).toBe(0);
    await pass(120);
    expect(bucket.objects.size).toBe(0);
  });

  test("keeps no process alive", async () => {
    const unref = vi.spyOn(globalThis, "setInterval");
    await take(operator("ada"));
    expect((unref.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
  });

  test("silence is measured by AWS's clock alone", async () => {
    const lock = await take(operator("ada"));
    vi.setSystemTime(new Date("2031-01-01T00:00:00Z"));
    expect((await heldBy(operator("ben"))).silentSeconds).toBe(0);
    bucket.now = new Date(bucket.now.getTime() + 301_000);
    expect((await heldBy(operator("ben"))).silentSeconds).toBe(301);
    await lock.release();
  });

  test("consent is for the silent lock only, not for one that was renewed since", async () => {
    await take(operator("ada"));
    const { etag } = await heldBy(operator("ben"));
    await pass(31);
    expect(await tryRunLock(aws, operator("ben"), etag)).toHaveProperty("held");
  });

  test("who finds it taken over hears so once, and leaves it to the winner", async () => {
    const ada = operator("ada");
    const lock = await take(ada);
    const { etag } = await heldBy(operator("ben"));
    await take(operator("ben"), etag);
    await pass(31);
    expect(ada.lost).toMatchObject([{ holder: { principal: "arn:aws:iam::123456789012:user/ben" } }]);
    await pass(120);
    await lock.release();
    expect(ada.lost).toHaveLength(1);
    expect(bucket.text(key)).toContain("user/ben");
  });

  test("who finds it gone hears so, too", async () => {
    const ada = operator("ada");
    await take(ada);
    bucket.objects.delete(key);
    await pass(31);
    expect(ada.lost).toEqual([undefined]);
  });

  test("a renewal that fails is told and tried again; one whose answer was lost is found again", async () => {
    const ada = operator("ada");
    const lock = await take(ada);
    bucket.losesAnswers = true;
    await pass(31);
    expect(ada.silences).toMatchObject([{ message: "socket hang up" }]);
    bucket.losesAnswers = false;
    await pass(60);
    expect(ada.lost).toEqual([]);
    await lock.release();
    expect(bucket.objects.size).toBe(0);
  });

  test("is given back even if the answer to the last renewal was lost", async () => {
    const lock = await take(operator("ada"));
    bucket.losesAnswers = true;
    await pass(31);
    bucket.losesAnswers = false;
    await lock.release();
    expect(bucket.objects.size).toBe(0);
  });
});
