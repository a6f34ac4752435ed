import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject } from "vitest";
import { withFileLock } from "../../sandbox/file-lock.ts";
import { accountDifferences, readAccount, type AccountContents } from "./account-contents.ts";
import { awsSettings } from "./aws-clients.ts";
import { hubctl } from "./hubctl.ts";
import { restoreSandbox, snapshotFolder, startSandbox, type Sandbox } from "./sandbox.ts";

/** The deployment of every installed world. */
export const deployment = "research";

/** The hub.yaml form with hardly more than it must say, and the login that needs no identity provider. */
export const smallestHub = `
aws:
  region: us-east-2
domain: hub.dandi.example
certificate: auto
auth:
  method: shared-password
  admins: [ada]
  allowAll: true
image:
  repository: quay.io/jupyter/scipy-notebook
  tag: "2026-11-03"
`;

export const passwords = {
  HUBCTL_USER_PASSWORD: "correct-horse-battery",
  HUBCTL_ADMIN_PASSWORD: "an-admin-password-of-more-than-32-characters",
};

/** A simulated account with an installed hub, and the folder it was installed from. */
export interface InstalledWorld extends Sandbox {
  cwd: string;
  /** Name of the sandbox. */
  name: string;
}

/** As many as files of tests run at the same time. */
const worlds = 2;

/**
 * Installs a hub once in a run of the tests, and from then on restores that world. Only one file can have it at a time,
 * since its addresses are always the same; so there are two of them. Call `down` in the end.
 */
export async function installedWorld(): Promise<InstalledWorld> {
  const snapshots = Array.from({ length: worlds }, (_, index) => `${inject("run")}-installed-${index + 1}`);
  const { name, giveBack } = await takeTurn(snapshots);
  const world = existsSync(snapshotFolder(name)) ? await restoreWorld(name, name) : await install(name);
  return {
    ...world,
    async down() {
      await world.down();
      giveBack();
    },
  };
}

/** The world of a snapshot in place of the one that the sandbox has now, with the folder in a new place. */
export async function restoreWorld(name: string, snapshot: string): Promise<InstalledWorld> {
  const cwd = await newFolder();
  return worldOf(name, await restoreSandbox(name, snapshot, cwd), cwd);
}

/** An empty account, and a folder with the configuration of a hub. */
export async function emptyWorld(name: string): Promise<InstalledWorld> {
  const sandbox = await startSandbox(name);
  const cwd = await newFolder();
  await writeFile(accountBefore(cwd), JSON.stringify(await readAccount(awsSettings(sandbox.env))));
  await writeDeployment(cwd, deployment, smallestHub);
  return worldOf(name, sandbox, cwd);
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "hubctl-e2e-"));
}

function worldOf(name: string, sandbox: Sandbox, cwd: string): InstalledWorld {
  return {
    ...sandbox,
    env: { ...sandbox.env, ...passwords },
    cwd,
    name,
    async down() {
      await sandbox.down();
      await rm(cwd, { recursive: true, force: true });
    },
  };
}

/** What differs from the account as it was before anything was installed in this world. */
export async function leftInAccount({ env, cwd }: { env: NodeJS.ProcessEnv; cwd: string }): Promise<string[]> {
  const before = JSON.parse(await readFile(accountBefore(cwd), "utf8")) as AccountContents;
  return accountDifferences(before, await readAccount(awsSettings(env)));
}

/** The file that tells what was in the account before anything was installed. */
function accountBefore(cwd: string): string {
  return join(cwd, "account-before.json");
}

async function install(snapshot: string): Promise<InstalledWorld> {
  const world = await emptyWorld(snapshot);
  const { exitCode, stderr } = await hubctl(["install", "--yes"], world);
  expect(exitCode, stderr).toBe(0);
  await world.takeSnapshot(snapshot, world.cwd);
  return world;
}

export async function writeDeployment(cwd: string, name: string, hubYaml: string): Promise<void> {
  await mkdir(join(cwd, "deployments", name), { recursive: true });
  await writeFile(join(cwd, "deployments", name, "hub.yaml"), hubYaml);
}

/** Waits until nobody else has one of them; gives the function that lets the next one in. */
async function takeTurn(names: readonly string[]): Promise<{ name: string; giveBack: () => void }> {
  return await new Promise((resolve, reject) => {
    let isServed = false;
    for (const name of names) {
      const turn = async () => {
        if (isServed) return;
        isServed = true;
        await new Promise<void>((giveBack) => resolve({ name, giveBack }));
      };
      withFileLock(`${snapshotFolder(name)}.lock`, () => undefined, turn).catch(reject);
    }
  });
}
