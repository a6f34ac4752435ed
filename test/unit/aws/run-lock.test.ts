import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { hostname } from "node:os";
import { beforeEach, expect, test } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { acquireRunLock } from "../../../src/aws/run-lock.ts";

const s3 = mockClient(S3Client);
beforeEach(() => {
  s3.reset();
});

const request = {
  account: "123456789012",
  deployment: "dandihub",
  principal: "arn:aws:iam::123456789012:user/operator",
  command: "hubctl install",
  machine: "this machine",
  identify: (pid: number) => Promise.resolve(pid === process.pid ? "mine" : undefined),
};
const taken = Object.assign(new Error("At least one of the pre-conditions you specified did not hold"), {
  name: "PreconditionFailed",
  $metadata: { httpStatusCode: 412 },
});
const aws = createClients("us-east-2");

function heldBy(host: string, machine: string) {
  const holder = {
    principal: "arn:aws:iam::123456789012:user/colleague",
    user: "colleague",
    host,
    machine,
    pid: 4711,
    identity: "theirs",
    command: "hubctl install",
    since: "2026-11-20T10:00:00.000Z",
  };
  s3.on(PutObjectCommand, { IfNoneMatch: "*" }).rejects(taken);
  s3.on(GetObjectCommand).resolves({
    ETag: '"theirs"',
    Body: { transformToString: () => Promise.resolve(JSON.stringify(holder)) } as never,
  });
}

test("creates the lock only if there is none, and deletes only its own", async () => {
  s3.on(PutObjectCommand).resolves({ ETag: '"mine"' });
  s3.on(DeleteObjectCommand).resolves({});
  const lock = await acquireRunLock(aws, request);
  await lock.release();
  const put = s3.commandCalls(PutObjectCommand)[0]!.args[0].input;
  expect(put).toMatchObject({
    Bucket: "hubctl-123456789012-us-east-2",
    Key: "deployments/dandihub/run.lock",
    IfNoneMatch: "*",
    ExpectedBucketOwner: "123456789012",
  });
  expect(s3.commandCalls(DeleteObjectCommand)[0]!.args[0].input).toMatchObject({ IfMatch: '"mine"' });
});

test("says who holds it, on which machine, since when", async () => {
  heldBy("laptop-of-a-colleague", "another machine");
  await expect(acquireRunLock(aws, request)).rejects.toMatchObject({
    code: "RunInProgress",
    message:
      "deployment dandihub is locked: hubctl install by colleague@laptop-of-a-colleague " +
      "(arn:aws:iam::123456789012:user/colleague, process 4711) since 2026-11-20T10:00:00.000Z",
  });
});

test("takes over the lock of a dead process of this machine, if nobody else has in between", async () => {
  heldBy(hostname(), request.machine);
  s3.on(PutObjectCommand, { IfMatch: '"theirs"' }).resolves({ ETag: '"mine"' });
  await acquireRunLock(aws, request);
  expect(s3.commandCalls(PutObjectCommand, { IfMatch: '"theirs"' })).toHaveLength(1);
});

test("knows its own lock again when the answer to the first attempt was lost", async () => {
  let body = "";
  s3.on(PutObjectCommand, { IfNoneMatch: "*" }).callsFake((input: { Body: string }) => {
    body = input.Body;
    throw taken;
  });
  s3.on(GetObjectCommand).callsFake(() => ({
    ETag: '"first"',
    Body: { transformToString: () => Promise.resolve(body) },
  }));
  s3.on(PutObjectCommand, { IfMatch: '"first"' }).resolves({ ETag: '"mine"' });
  s3.on(DeleteObjectCommand).resolves({});
  await (await acquireRunLock(aws, request)).release();
  expect(s3.commandCalls(DeleteObjectCommand)[0]!.args[0].input).toMatchObject({ IfMatch: '"mine"' });
});

test("never takes over from a machine that only has the same host name", async () => {
  heldBy(hostname(), "another machine");
  await expect(acquireRunLock(aws, request)).rejects.toMatchObject({ code: "RunInProgress" });
});

test("never takes over from a living process", async () => {
  heldBy(hostname(), request.machine);
  await expect(acquireRunLock(aws, { ...request, identify: () => Promise.resolve("theirs") })).rejects.toMatchObject({
    code: "RunInProgress",
  });
});

test("a lock that somebody else took over meanwhile is not released", async () => {
  s3.on(PutObjectCommand).resolves({ ETag: '"mine"' });
  s3.on(DeleteObjectCommand).rejects(taken);
  const lock = await acquireRunLock(aws, request);
  await expect(lock.release()).resolves.toBeUndefined();
});
