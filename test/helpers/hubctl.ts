import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { projectRoot } from "./sandbox.ts";

export interface RunningHubctl {
  process: ChildProcess;
  /** What has been printed on standard error so far. */
  stderr(): string;
  ended: Promise<Ended>;
}

export interface Ended {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the built program without a terminal; detached, in a process group of its own. */
export function startHubctl(
  args: string[],
  { cwd, env, detached = false }: { cwd: string; env: NodeJS.ProcessEnv; detached?: boolean },
): RunningHubctl {
  const child = spawn(process.execPath, [join(projectRoot, "bin", "hubctl.js"), ...args], {
    cwd,
    env,
    detached,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([exitCode, signal]: unknown[]) => ({
    exitCode: exitCode as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return { process: child, stderr: () => stderr, ended };
}

export function hubctl(args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ended> {
  return startHubctl(args, options).ended;
}
