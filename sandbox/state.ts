import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SandboxError } from "./errors.ts";
import { projectRoot } from "./paths.ts";
import { startTimeOf } from "./processes.ts";

/** What the supervisor tells the world: the content of state.json in the sandbox's folder. */
export interface SandboxState {
  name: string;
  /** "kept": stopped with all that it needs to go on. */
  phase: "starting" | "ready" | "stopping" | "kept" | "failed";
  supervisor: ProcessIdentity;
  watchdog?: ProcessIdentity;
  startedAt: string;
  account: string;
  region: string;
  /** URL of the AWS front. */
  endpoint?: string;
  operator?: { accessKeyId: string; secretAccessKey: string };
  /** Keys of somebody with another account. */
  stranger?: { accessKeyId: string; secretAccessKey: string };
  certificateArn?: string;
  /** DNS server, proxy to the load balancers, and the file of the authority behind their certificates. */
  publicSide?: { dns: string; proxy: string; authority: string };
  clusters: { name: string; version: string; endpoint: string; kubeconfig: string }[];
  /** Why the start failed. */
  error?: string;
}

/** Tells the supervisor to stop and to leave in its folder all that it needs to go on. */
export const keepSignal = "SIGUSR2";

/** In the sandbox's folder: what the account was filled with at the first start. */
export const accountFile = "account.json";

/** A process id alone may come to mean another process. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** The folder that holds the folders of all sandboxes. */
function sandboxesFolder(option?: string): string {
  return resolve(option ?? (process.env["HUBCTL_SANDBOX_STATE"] || join(projectRoot, ".sandbox")));
}

/** The folder of one sandbox; its name becomes a part of a path and of names in logs. */
export function sandboxFolder(name: string, option?: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new SandboxError(
      `"${name}" can't be the name of a sandbox`,
      "Use up to 31 lower-case letters, digits and hyphens, with a letter or digit first",
    );
  }
  return join(sandboxesFolder(option), name);
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid) ?? "" };
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}

/** Undefined if nothing was ever written. */
export function readState(dir: string): SandboxState | undefined {
  const file = join(dir, "state.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SandboxState) : undefined;
}

/** In one step, since others read the file at any time. */
export function writeState(dir: string, state: SandboxState): void {
  const file = join(dir, "state.json");
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
