import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const projectRoot = join(import.meta.dirname, "..", "..");
const program = join(projectRoot, ".build", "sandbox", "main.js");

/** A simulated AWS account of a test's own. */
export interface Sandbox {
  /** The environment that an operator gets by `eval "$(npm run -s sandbox -- env)"`. */
  env: NodeJS.ProcessEnv;
  /** Credentials of somebody with another account, to lay over `env`. */
  otherAccount: NodeJS.ProcessEnv;
  /** Keeps the world, and a folder, for `restoreSandbox`. */
  takeSnapshot(snapshot: string, folder: string): Promise<void>;
  down(): Promise<void>;
}

export async function startSandbox(name: string): Promise<Sandbox> {
  await sandbox("up", name);
  return await openSandbox(name);
}

/** A sandbox with the world of a snapshot; the folder that was kept with it is put where it is wanted. */
export async function restoreSandbox(name: string, snapshot: string, folder: string): Promise<Sandbox> {
  await sandbox("restore", name, snapshot, "--with", folder);
  return await openSandbox(name);
}

export function snapshotFolder(snapshot: string): string {
  return join(projectRoot, ".sandbox", ".snapshots", snapshot);
}

async function sandbox(command: string, name: string, ...more: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [program, command, ...more, "--name", name]);
  return stdout;
}

async function openSandbox(name: string): Promise<Sandbox> {
  const env = environmentFrom(await sandbox("env", name));
  const state = await readFile(join(projectRoot, ".sandbox", name, "state.json"), "utf8");
  const { stranger } = JSON.parse(state) as { stranger: { accessKeyId: string; secretAccessKey: string } };
  return {
    env,
    otherAccount: { AWS_ACCESS_KEY_ID: stranger.accessKeyId, AWS_SECRET_ACCESS_KEY: stranger.secretAccessKey },
    async takeSnapshot(snapshot, folder) {
      await sandbox("snapshot", name, snapshot, "--with", folder);
    },
    async down() {
      await sandbox("down", name);
    },
  };
}

/** Applies the lines `export NAME='value'` and `unset NAME` to this process's environment. */
function environmentFrom(lines: string): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const line of lines.split("\n")) {
    const [, name, value] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) env[name] = value.replaceAll(`'\\''`, "'");
    for (const unset of /^unset (.+)$/.exec(line)?.[1]?.split(" ") ?? []) Reflect.deleteProperty(env, unset);
  }
  return env;
}
