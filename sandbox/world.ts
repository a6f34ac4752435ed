import { closeSync, mkdirSync, openSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Binaries } from "./binaries/index.ts";
import { endGroup, isGroupAlive } from "./processes.ts";
import { markEnvironment, recordProcess } from "./process-record.ts";

interface SpawnOptions {
  /** The whole environment of the child, apart from PATH and HOME; nothing else is inherited. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child in a process group of its own, which ends with the sandbox whatever happens to its parent. */
export interface ManagedChild {
  name: string;
  pid: number;
  logFile: string;
  /** Settles when the process is gone; never rejects. */
  exited: Promise<ChildExit>;
  /** SIGTERM or another signal to the whole group, SIGKILL after a grace period; resolves when the group is gone. */
  stop(request?: NodeJS.Signals): Promise<void>;
}

/** What every part of one sandbox shares. */
export interface World {
  name: string;
  /** The sandbox's own folder; nothing is written outside it. */
  dir: string;
  account: string;
  region: string;
  binaries: Binaries;
  /** URL of the AWS front, "http://127.0.0.1:PORT"; empty until it listens. */
  endpoint: string;
  /** Path of the log of that name. */
  logFile(name: string): string;
  /** Starts a program that the watchdog ends when the supervisor is gone. */
  spawn(name: string, file: string, args: readonly string[], options?: SpawnOptions): ManagedChild;
}

export interface WorldSettings {
  name: string;
  dir: string;
  account?: string;
  region?: string;
  binaries: Binaries;
  /** Told when a program ends that nobody stopped. */
  onUnexpectedExit?(name: string, exit: ChildExit): void;
}

const graceMilliseconds = 10_000;

export function createWorld(settings: WorldSettings): World {
  const { dir } = settings;
  mkdirSync(join(dir, "logs"), { recursive: true, mode: 0o700 });
  const logFile = (name: string) => join(dir, "logs", `${name}.log`);
  return {
    name: settings.name,
    dir,
    account: settings.account ?? "123456789012",
    region: settings.region ?? "us-east-2",
    binaries: settings.binaries,
    endpoint: "",
    logFile,
    spawn: (name, file, args, options = {}) => {
      const child = spawnManaged({ dir, name, file, args, logFile: logFile(name), options });
      void child.exited.then((exit) => {
        if (!child.isStopping()) settings.onUnexpectedExit?.(name, exit);
      });
      return child;
    },
  };
}

interface Start {
  dir: string;
  name: string;
  file: string;
  args: readonly string[];
  logFile: string;
  options: SpawnOptions;
}

function spawnManaged({ dir, name, file, args, logFile, options }: Start) {
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(file, args, {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: options.cwd ?? dir,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env, ...markEnvironment(dir) },
    });
    const exited = new Promise<ChildExit>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", () => resolve({ code: 127, signal: null }));
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`cannot start ${file}`);
    recordProcess(dir, pid, name);
    let isStopping = false;
    const stop = async (request?: NodeJS.Signals) => {
      isStopping = true;
      // Its children may outlive it.
      if (isGroupAlive(pid)) await endGroup(pid, graceMilliseconds, request);
      await exited;
    };
    return { name, pid, logFile, exited, stop, isStopping: () => isStopping };
  } finally {
    closeSync(log);
  }
}
