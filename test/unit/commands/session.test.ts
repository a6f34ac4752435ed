import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inSession, type Session } from "../../../src/commands/session.ts";
import { writeLock } from "../../../src/config/lock-file.ts";
import { AbortError, ToolError, type HubctlError } from "../../../src/errors.ts";
import { fakeBucket, type FakeBucket } from "../../helpers/fake-s3.ts";
import { account, awsError, mockAws } from "../../helpers/installation.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const aws = mockAws();
const adminPassword = "an-admin-password-of-forty-characters-xx";
let root: string;
let printed: string;
let bucket: FakeBucket;

beforeEach(() => {
  root = temporaryFolder();
  mkdirSync(join(root, "deployments", "field"), { recursive: true });
  writeFileSync(
    join(root, "deployments", "field", "hub.yaml"),
    `aws: {region: us-east-2}
domain: hub.example.org
certificate: arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555
auth: {method: shared-password, admins: [ada], allowAll: true}
image: {repository: quay.io/jupyter/scipy-notebook, tag: "2026-11-03"}
`,
  );
  vi.spyOn(process, "cwd").mockReturnValue(root);
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.stubEnv("HUBCTL_USER_PASSWORD", "a-user-password");
  vi.stubEnv("HUBCTL_ADMIN_PASSWORD", adminPassword);
  aws.sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: `arn:aws:iam::${account}:user/operator` });
  bucket = fakeBucket(aws.s3);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const workDir = () => join(root, ".hubctl", "field");
const filesIn = (folder: string) =>
  readdirSync(join(workDir(), folder)).map((name) => readFileSync(join(workDir(), folder, name), "utf8"));
const journaled = () =>
  filesIn("journal").flatMap((text) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  );
const session = <Result>(work: (session: Session) => Promise<Result>) =>
  inSession("install", { version: "0.1.0", deployment: "field" }, work);
const failWith = (error: Error) => session(() => Promise.reject(error)).catch((failure: unknown) => failure);
const listeners = () => process.listenerCount("SIGINT");

it("gives the work's result, journals the run and stops listening to signals", async () => {
  const before = listeners();
  const result = await session(({ installation }) => {
    expect(listeners()).toBe(before + 1);
    return Promise.resolve(installation.config.name);
  });
  expect(result).toBe("field");
  expect(listeners()).toBe(before);
  expect(journaled()).toMatchObject([
    { event: "run-started", command: "install" },
    { event: "run-ended", outcome: "done" },
  ]);
});

it("takes the run lock once, says in it who runs what, and gives it back", async () => {
  await session(async ({ installation }) => {
    await installation.takeRunLock();
    await installation.takeRunLock();
    expect(aws.s3.commandCalls(DeleteObjectCommand)).toEqual([]);
  });
  const puts = aws.s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input);
  const [put, ...more] = puts.filter(({ Key }) => Key!.endsWith("run.lock"));
  expect(more).toEqual([]);
  expect(put).toMatchObject({ Key: "deployments/field/run.lock", IfNoneMatch: "*" });
  expect(JSON.parse(put!.Body as string)).toMatchObject({
    command: "hubctl install",
    pid: process.pid,
    principal: `arn:aws:iam::${account}:user/operator`,
  });
  expect(aws.s3.commandCalls(DeleteObjectCommand)[0]!.args[0].input).toMatchObject({ IfMatch: '"1"' });
});

it("copies its journal to the state bucket, but only if it got as far as the lock", async () => {
  await session(() => Promise.resolve());
  expect([...bucket.objects.keys()]).toEqual([]);
  await session(({ installation }) => installation.takeRunLock());
  const [key, ...more] = [...bucket.objects.keys()];
  expect(more).toEqual([]);
  expect(key).toMatch(/^deployments\/field\/runs\/.*-install\.jsonl$/);
  expect(bucket.text(key!)).toBe(filesIn("journal").at(-1));
  expect(bucket.text(key!)).toContain("run-ended");
});

it("leaves nothing in a state bucket that it has removed", async () => {
  await session(async ({ installation }) => {
    await installation.takeRunLock();
    await installation.leaveStateBucket();
    await installation.takeRunLock();
    expect([...bucket.objects.keys()]).toEqual([]);
  });
  expect([...bucket.objects.keys()]).toEqual([]);
});

it("ends well although its journal could not be copied", async () => {
  await session(async ({ installation }) => {
    await installation.takeRunLock();
    aws.s3.on(PutObjectCommand).rejects(awsError("SlowDown", 503));
  });
  expect(printed).toContain("! could not copy the run's journal to the state bucket (SlowDown)");
});

it("keeps the configuration in the state bucket once there is a lock file, and what is new when it ends well", async () => {
  const lockFile = join(root, "deployments", "field", "hub.lock.yaml");
  const manifest = () => bucket.text("deployments/field/config/manifest.json");
  await inSession("install", { version: "0.1.0", deployment: "field", keepsConfig: true }, async ({ installation }) => {
    await installation.takeRunLock();
    expect(manifest()).toBeUndefined();
    await writeLock(lockFile, releaseInputs().lock);
    await installation.takeRunLock();
    expect(JSON.parse(manifest()!)).toMatchObject({ id: releaseInputs().lock.id, earlier: [] });
    await writeLock(lockFile, { ...releaseInputs().lock, provider: "5.101.0" });
  });
  expect(bucket.text("deployments/field/config/files/deployments/field/hub.lock.yaml")).toContain("5.101.0");
  expect((JSON.parse(manifest()!) as { earlier: string[] }).earlier).toHaveLength(1);
});

it("keeps no configuration of a run that failed, nor of a command that does not make the hub what it says", async () => {
  await writeLock(join(root, "deployments", "field", "hub.lock.yaml"), releaseInputs().lock);
  await session(({ installation }) => installation.takeRunLock());
  expect([...bucket.objects.keys()].filter((key) => key.includes("/config/"))).toEqual([]);
});

it("stops safely when somebody else takes its lock over, and says who", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const failure = await session(async ({ installation }) => {
    await installation.takeRunLock();
    const key = "deployments/field/run.lock";
    const theirs = { ...(JSON.parse(bucket.text(key)!) as object), user: "ben", host: "desk", machine: "another" };
    bucket.objects.set(key, { text: JSON.stringify(theirs), etag: '"theirs"', modified: new Date() });
    const stopped = new Promise((resolve) => installation.signal.addEventListener("abort", resolve));
    await vi.advanceTimersByTimeAsync(30_000);
    await stopped;
    throw new AbortError("Interrupted", "interrupted");
  }).catch((error: unknown) => error);
  vi.useRealTimers();
  expect(failure).toMatchObject({ code: "RunLockLost", exitCode: 2 });
  expect((failure as HubctlError).message).toContain("taken over: hubctl install by ben@desk");
  expect(bucket.text("deployments/field/run.lock")).toContain("ben");
  expect(journaled().at(-1)).toMatchObject({ outcome: "failed" });
});

it("gives the run lock back when the work fails, and tells where the log is", async () => {
  const failure = await session(async ({ installation }) => {
    await installation.takeRunLock();
    throw new ToolError("HelmFailed", "helm failed");
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "HelmFailed" });
  expect(aws.s3.commandCalls(DeleteObjectCommand)).toHaveLength(1);
  const { log } = failure as HubctlError;
  expect(readFileSync(log!, "utf8")).toContain("helm failed");
  expect(journaled().at(-1)).toMatchObject({ event: "run-ended", outcome: "failed" });
});

it("shows what failed and not that the lock could not be given back", async () => {
  aws.s3.on(DeleteObjectCommand).rejects(awsError("ExpiredToken", 400, "The provided token has expired."));
  const before = listeners();
  const failure = await session(async ({ installation }) => {
    await installation.takeRunLock();
    throw new ToolError("HelmFailed", "helm failed");
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "HelmFailed" });
  expect(printed).toContain("could not give back the run lock (The provided token has expired.)");
  expect(listeners()).toBe(before);
});

it("calls a declined or interrupted run interrupted", async () => {
  await failWith(new AbortError("Declined", "declined"));
  expect(journaled().at(-1)).toMatchObject({ event: "run-ended", outcome: "interrupted" });
});

it("makes AWS's errors readable and logs bugs with their stack", async () => {
  expect(await failWith(awsError("AccessDenied", 403))).toMatchObject({
    message: "AWS refused a call: AccessDenied (HTTP 403)",
    exitCode: 1,
  });
  await failWith(new TypeError("a bug"));
  expect(filesIn("logs").join()).toMatch(/TypeError: a bug\n.* {4}at /);
});

it("keeps secrets off the screen and out of the log", async () => {
  const failure = (await session(({ output }) => {
    output.note(`the password is ${adminPassword}`);
    return Promise.reject(new ToolError("Leak", "failed", { output: "x" }));
  }).catch((error: unknown) => error)) as HubctlError;
  expect(printed).toContain("the password is [hidden]");
  expect(readFileSync(failure.log!, "utf8")).not.toContain(adminPassword);
});

it("makes no work folder for a deployment that cannot be read", async () => {
  vi.stubEnv("HUBCTL_ADMIN_PASSWORD", "");
  await expect(session(() => Promise.resolve())).rejects.toMatchObject({ code: "ConfigInvalid" });
  expect(existsSync(workDir())).toBe(false);
});
