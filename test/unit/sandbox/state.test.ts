import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sandboxEnvironment, shellLines } from "../../../sandbox/environment.ts";
import { withFileLock } from "../../../sandbox/file-lock.ts";
import { endRecorded, markEnvironment, recordProcess, runningProcesses } from "../../../sandbox/process-record.ts";
import { startTimeOf } from "../../../sandbox/processes.ts";
import {
  identityOf,
  isAlive,
  readState,
  sandboxFolder,
  writeState,
  type SandboxState,
} from "../../../sandbox/state.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hubctl-state-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const state: SandboxState = {
  name: "test",
  phase: "ready",
  supervisor: { pid: 1, startTime: "none" },
  startedAt: "2026-11-21T08:00:00Z",
  account: "123456789012",
  region: "us-east-2",
  endpoint: "http://127.0.0.1:1",
  operator: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "it's secret" },
  certificateArn: "arn:aws:acm:us-east-2:123456789012:certificate/1",
  clusters: [],
};

/** A process of its own group that waits for its end. */
async function startWaiting(env: Record<string, string> = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume(); console.log('up')"], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child as unknown as ChildProcess & { pid: number };
}

describe("the state of a sandbox", () => {
  test("is read as it was written", () => {
    writeState(folder, state);

    expect(readState(folder)).toEqual(state);
    expect(readState(join(folder, "none"))).toBeUndefined();
  });

  test("lies in a folder by its name, which is no path", () => {
    expect(sandboxFolder("one", folder)).toBe(join(folder, "one"));
    expect(() => sandboxFolder("../one", folder)).toThrow("can't be the name of a sandbox");
    expect(() => sandboxFolder("One", folder)).toThrow("can't be the name of a sandbox");
  });

  test("tells a process from a later one with its id", () => {
    expect(isAlive(identityOf(process.pid))).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: "1" })).toBe(false);
  });
});

describe("recorded processes", () => {
  test("are ended with their whole group, and those that only carry the mark, too", async () => {
    const recorded = await startWaiting();
    recordProcess(folder, recorded.pid, "recorded");
    const marked = await startWaiting(markEnvironment(folder));

    expect(runningProcesses(folder).map(({ name }) => name)).toEqual(["recorded"]);
    expect(await endRecorded(folder)).toBe(true);
    expect(startTimeOf(recorded.pid)).toBeUndefined();
    if (process.platform === "linux") expect(startTimeOf(marked.pid)).toBeUndefined();
    marked.kill("SIGKILL");
  });

  test("are left alone when their id has come to mean another process", async () => {
    const other = await startWaiting();
    writeFileSync(join(folder, "processes"), `${other.pid}\t1\tlong gone\n`);

    expect(await endRecorded(folder)).toBe(true);
    expect(startTimeOf(other.pid)).toBeDefined();
    other.kill("SIGKILL");
  });
});

describe("the environment of a sandbox", () => {
  test("leads every AWS client there and nowhere else", () => {
    const { set, unset } = sandboxEnvironment("/sandbox", state, {
      PATH: "/project/node_modules/.bin:/usr/bin:/bin",
      AWS_ENDPOINT_URL_S3: "https://elsewhere.example",
    });

    expect(set).toMatchObject({
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
      AWS_REGION: "us-east-2",
      PATH: "/sandbox/bin:/usr/bin:/bin",
      TF_VAR_aws_certificate_arn: "arn:aws:acm:us-east-2:123456789012:certificate/1",
    });
    expect(unset).toEqual(expect.arrayContaining(["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"]));
    expect(Object.keys(set).filter((name) => unset.includes(name))).toEqual([]);
  });

  test("keeps secrets that the caller has set, and its own folder once in PATH", () => {
    const caller = { PATH: "/sandbox/bin:/bin", TF_VAR_github_client_secret: "mine" };
    const { set } = sandboxEnvironment("/sandbox", state, caller);

    expect(set["TF_VAR_github_client_secret"]).toBe("mine");
    expect(set["PATH"]).toBe("/sandbox/bin:/bin");
  });

  test("is quoted for a shell", () => {
    const lines = shellLines(sandboxEnvironment("/sandbox", state, {}));

    expect(lines).toContain(`export AWS_SECRET_ACCESS_KEY='it'\\''s secret'`);
    expect(lines).toContain("unset AWS_PROFILE");
  });

  test("is not there before the sandbox is ready", () => {
    const { name, supervisor, startedAt, account, region, clusters } = state;
    const starting = { name, phase: "starting", supervisor, startedAt, account, region, clusters } as const;

    expect(() => sandboxEnvironment("/sandbox", starting, {})).toThrow("not ready");
  });
});

describe("a file lock", () => {
  test("lets one in at a time and is gone afterwards", async () => {
    const path = join(folder, "lock");
    let inside = 0;
    let most = 0;
    const waits: string[] = [];
    const enter = (name: string) =>
      withFileLock(
        path,
        () => waits.push(name),
        async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
        },
      );
    await Promise.all([enter("a"), enter("b")]);

    expect(most).toBe(1);
    expect(waits).toHaveLength(1);
    expect(existsSync(path)).toBe(false);
  });

  test("of a process that has died is taken over", async () => {
    const path = join(folder, "lock");
    writeFileSync(path, JSON.stringify({ host: hostname(), pid: process.pid, startTime: "an earlier process" }));

    expect(
      await withFileLock(
        path,
        () => undefined,
        () => Promise.resolve("in"),
      ),
    ).toBe("in");
  });
});
