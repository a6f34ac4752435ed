import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { SandboxError } from "../errors.ts";

export interface TimedCommand {
  file: string;
  args: readonly string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
}

export interface TimedRun {
  seconds: number;
  stdout: string;
  stderr: string;
}

interface Options {
  signal: AbortSignal;
  /** Called while the process runs. */
  watch?: (pid: number) => void;
}

const watchMilliseconds = 20;

/** Runs a command to its end, measures it from outside, and fails if it does. */
export function runTimed(command: TimedCommand, { signal, watch }: Options): Promise<TimedRun> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      // A terminal's Ctrl-C reaches the bench alone, which passes on exactly one signal.
      detached: true,
    });
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    const { pid } = child;
    const watching = watch && pid !== undefined ? setInterval(() => watch(pid), watchMilliseconds) : undefined;
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    // Who does not read its input says so by its exit code.
    child.stdin.on("error", () => undefined).end(command.input ?? "");
    const settle = (end: () => void) => {
      clearInterval(watching);
      signal.removeEventListener("abort", stop);
      end();
    };
    child.once("error", (error) => settle(() => reject(error)));
    child.once("close", (code) => {
      const seconds = (performance.now() - started) / 1000;
      settle(() => {
        if (signal.aborted) reject(signal.reason as Error);
        else if (code === 0) resolve({ seconds, ...output });
        else reject(failure(command, code, output));
      });
    });
  });
}

/** The most memory that a process has had resident so far, in bytes; undefined where the system does not tell. */
export function peakMemory(pid: number): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

function failure({ file, args }: TimedCommand, code: number | null, output: { stdout: string; stderr: string }): Error {
  const words = (output.stderr.trim() || output.stdout.trim()).split("\n").slice(-20).join("\n");
  return new SandboxError(`${[file, ...args].join(" ")} ended with ${code ?? "a signal"}:\n${words}`);
}
