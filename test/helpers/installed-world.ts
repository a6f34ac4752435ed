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

/** The hub.yaml form with no more than it must say, and the login that needs no identity provider. */
export const smallestHub = `
aws:
  region: us-east-2
domain: hub.dandi.example
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
}

/**
 * Installs a hub once in a run of the tests, and from then on restores that world. Only one file has it at a time, since
 * its addresses are always the same; the others wait. Call `down` in the end.
 */
export async function installedWorld(): Promise<InstalledWorld> {
  const snapshot = `${inject("run")}-installed`;
  const giveBack = await takeTurn(`${snapshotFolder(snapshot)}.lock`);
  const cwd = await mkdtemp(join(tmpdir(), "hubctl-e2e-"));
  const open = existsSync(snapshotFolder(snapshot)) ? restoreSandbox : install;
  const sandbox = await open(snapshot, snapshot, cwd);
  return {
    ...sandbox,
    env: { ...sandbox.env, ...passwords },
    cwd,
    async down() {
      await sandbox.down();
      await rm(cwd, { recursive: true, force: true });
      giveBack();
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

async function install(name: string, snapshot: string, cwd: string): Promise<Sandbox> {
  const sandbox = await startSandbox(name);
  await writeFile(accountBefore(cwd), JSON.stringify(await readAccount(awsSettings(sandbox.env))));
  await writeDeployment(cwd, deployment, smallestHub);
  const env = { ...sandbox.env, ...passwords };
  const { exitCode, stderr } = await hubctl(["install", "--yes"], { cwd, env });
  expect(exitCode, stderr).toBe(0);
  await sandbox.takeSnapshot(snapshot, cwd);
  return sandbox;
}

export async function writeDeployment(cwd: string, name: string, hubYaml: string): Promise<void> {
  await mkdir(join(cwd, "deployments", name), { recursive: true });
  await writeFile(join(cwd, "deployments", name, "hub.yaml"), hubYaml);
}

/** Waits until nobody else has the lock; gives the function that lets the next one in. */
async function takeTurn(lock: string): Promise<() => void> {
  return await new Promise((resolve, reject) => {
    const turn = () => new Promise<void>((giveBack) => resolve(giveBack));
    withFileLock(lock, () => undefined, turn).catch(reject);
  });
}
