import { CreateUserCommand } from "@aws-sdk/client-iam";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, expect, test } from "vitest";
import { clientsFor } from "../helpers/aws-clients.ts";
import { eventually } from "../helpers/eventually.ts";
import { hubctl, startHubctl } from "../helpers/hubctl.ts";
import { deployment, installedWorld, type InstalledWorld } from "../helpers/installed-world.ts";

const run = promisify(execFile);

let world: InstalledWorld;
const folders: string[] = [];

beforeAll(async () => {
  world = await installedWorld();
  return async () => await world.down();
});

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Somebody else's machine: a home of their own, and a folder with nothing in it. */
async function secondMachine(): Promise<{ cwd: string; env: NodeJS.ProcessEnv }> {
  const [home = "", cwd = ""] = await Promise.all(["home", "work"].map(newFolder));
  return { cwd, env: { ...world.env, HOME: home, XDG_CONFIG_HOME: join(home, ".config") } };
}

async function newFolder(kind: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `hubctl-e2e-${kind}-`));
  folders.push(folder);
  return folder;
}

/** One name for each revision of each release. */
async function revisions(): Promise<string[]> {
  const at = ["--kubeconfig", join(world.cwd, ".hubctl", deployment, "kubeconfig")];
  const { stdout } = await run("kubectl", [...at, "get", "secrets", "-A", "-l", "owner=helm", "-o", "name"], world);
  return stdout.trim().split("\n");
}

async function hasRunLock(): Promise<boolean> {
  const Bucket = "hubctl-123456789012-us-east-2";
  const Key = `deployments/${deployment}/run.lock`;
  return await clientsFor(world.env)
    .s3.send(new HeadObjectCommand({ Bucket, Key }))
    .then(
      () => true,
      () => false,
    );
}

test("on a second machine, init --fetch brings the configuration, and install changes nothing", async () => {
  const { cwd, env } = await secondMachine();
  const fetched = await hubctl(["init", "--fetch", deployment], { cwd, env });
  expect(fetched.exitCode, fetched.stderr).toBe(0);
  for (const file of ["hub.yaml", "hub.lock.yaml"]) {
    const path = join("deployments", deployment, file);
    expect(await readFile(join(cwd, path), "utf8")).toBe(await readFile(join(world.cwd, path), "utf8"));
  }
  const before = await revisions();
  // What this machine lacks is the kubeconfig; what is in the cluster is known without it.
  const first = await hubctl(["install", "--yes"], { cwd, env });
  expect(first.exitCode, first.stderr).toBe(0);
  expect(first.stderr).toContain("Write the deployment's kubeconfig: write ");
  expect(first.stderr).not.toContain("Then, as far as needed:");
  expect(await revisions()).toEqual(before);
  const again = await hubctl(["install"], { cwd, env });
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).toContain("Nothing to do");
});

test("a colleague who was let in stays in through another install, until taken out again", async () => {
  const { User } = await clientsFor(world.env).iam.send(new CreateUserCommand({ UserName: "grace" }));
  const added = await hubctl(["add-admin", User!.Arn!, "--yes"], world);
  expect(added.exitCode, added.stderr).toBe(0);
  const again = await hubctl(["install"], world);
  expect(again, again.stderr).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining("Nothing to do") as string,
  });
  expect((await hubctl(["admins", "--json"], world)).stdout).toContain(User!.Arn);

  const removed = await hubctl(["admins", "remove", User!.Arn!, "--yes"], world);
  expect(removed.exitCode, removed.stderr).toBe(0);
  expect((await hubctl(["admins", "--json"], world)).stdout).not.toContain(User!.Arn);
});

test("of two operators at once, the second is told who runs what since when, or waits for it", async () => {
  const { cwd, env } = await secondMachine();
  const fetched = await hubctl(["init", "--fetch", deployment], { cwd, env });
  expect(fetched.exitCode, fetched.stderr).toBe(0);
  const first = startHubctl(["install"], world);
  await eventually("the first run to have the lock", hasRunLock);
  // It stands still for as long as the test needs it to run.
  first.process.kill("SIGSTOP");
  try {
    const refused = await hubctl(["install"], { cwd, env });
    expect(refused.exitCode, refused.stderr).toBe(2);
    expect(refused.stderr).toContain(`deployment ${deployment} is locked: hubctl install by `);
    expect(refused.stderr).toContain("arn:aws:iam::123456789012:user/operator");
    expect(refused.stderr).toContain(`process ${first.process.pid}`);
    expect(refused.stderr).toMatch(/since \d{4}-\d\d-\d\dT\d\d:\d\d/);
    expect(refused.stderr).toContain("--wait");

    const second = startHubctl(["install", "--wait", "--yes"], { cwd, env });
    await eventually("the second run to wait", () => second.stderr().includes("Waiting for hubctl install by "));
    first.process.kill("SIGCONT");
    const [one, two] = await Promise.all([first.ended, second.ended]);
    expect(one.exitCode, one.stderr).toBe(0);
    expect(two.exitCode, two.stderr).toBe(0);
    expect(await hasRunLock()).toBe(false);
  } finally {
    first.process.kill("SIGCONT");
    await first.ended;
  }
});
