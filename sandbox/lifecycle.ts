import { spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBinaries } from "./binaries/index.ts";
import type { Report } from "./binaries/cache.ts";
import { fillChartMirror } from "./chart-mirror.ts";
import { sandboxFiles } from "./environment.ts";
import { SandboxError } from "./errors.ts";
import { withFileLock } from "./file-lock.ts";
import { endRecorded } from "./process-record.ts";
import { hasCode, isTrueWithin } from "./processes.ts";
import { isAlive, readState, type SandboxState } from "./state.ts";
import { writeTerraformConfig } from "./terraform-config.ts";

const startMilliseconds = 120_000;
/** An API server takes its time to end, and clusters stop side by side. */
const stopMilliseconds = 90_000;

/** Starts a sandbox in a folder, unless it runs already; resolves when it is ready. */
export async function startSandbox(dir: string, name: string, report: Report): Promise<SandboxState> {
  return await withSandboxLock(dir, report, async () => {
    const before = readState(dir);
    if (before !== undefined && isAlive(before.supervisor) && before.phase === "ready") {
      report(`sandbox ${name} is up already`);
      return before;
    }
    if (existsSync(dir)) {
      report(`removing what is left of an earlier sandbox ${name}`);
      await removeSandbox(dir);
    }
    await prepareSandbox(dir, name, report);
    return await launchSupervisor(dir, name, report);
  });
}

/** Stops a sandbox and removes its folder; false if there is none. */
export async function stopSandbox(dir: string, report: Report): Promise<boolean> {
  if (!existsSync(dir)) return false;
  await withSandboxLock(dir, report, () => removeSandbox(dir));
  removeIfEmpty(dirname(dir));
  return true;
}

/** One command that starts or stops a sandbox of a name at a time. */
export async function withSandboxLock<T>(dir: string, report: Report, action: () => Promise<T>): Promise<T> {
  const onWait = () => report(`waiting for another command on sandbox ${basename(dir)}`);
  return await withFileLock(join(dirname(dir), `.${basename(dir)}.lock`), onWait, action);
}

/** In order, or at once where nobody needs what its programs would still do. */
export async function removeSandbox(dir: string, how: "in order" | "at once" = "in order"): Promise<void> {
  const state = readState(dir);
  if (state !== undefined && isAlive(state.supervisor)) {
    process.kill(state.supervisor.pid, how === "in order" ? "SIGTERM" : "SIGKILL");
    const isGone = () => !isAlive(state.supervisor);
    if (!(await isTrueWithin(stopMilliseconds, isGone))) process.kill(state.supervisor.pid, "SIGKILL");
  }
  const { watchdog } = state ?? {};
  // It has the same to do as the next line, and must not find the folder gone.
  if (watchdog !== undefined) await isTrueWithin(15_000, () => !isAlive(watchdog));
  if (!(await endRecorded(dir))) throw new SandboxError(`processes of the sandbox in ${dir} can't be ended`);
  rmSync(dir, { recursive: true, force: true });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!hasCode(error, "ENOTEMPTY") && !hasCode(error, "ENOENT")) throw error;
  }
}

/** Makes the folder, with what the supervisor is started with and what a shell is pointed at. */
export async function prepareSandbox(dir: string, name: string, report: Report): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const binaries = await findBinaries(report);
  for (const folder of ["logs", "aws", sandboxFiles.programs]) mkdirSync(join(dir, folder), { mode: 0o700 });
  for (const file of [sandboxFiles.awsConfig, sandboxFiles.awsCredentials]) {
    writeFileSync(join(dir, file), "", { mode: 0o600 });
  }
  const link = (program: string, alias: string) => symlinkSync(program, join(dir, sandboxFiles.programs, alias));
  link(binaries.terraform, "terraform");
  link(binaries.helm, "helm");
  link(binaries.kubectl, "kubectl");
  writeTerraformConfig(dir, binaries);
  await fillChartMirror(join(dir, sandboxFiles.charts), binaries, report);
  writeFileSync(join(dir, "launch.json"), JSON.stringify({ name, binaries }), { mode: 0o600 });
  chmodSync(dir, 0o700);
}

export async function launchSupervisor(dir: string, name: string, report: Report): Promise<SandboxState> {
  report("starting the simulated AWS (about 5 seconds; 10 with a cluster)");
  const log = join(dir, "logs/supervisor.log");
  const output = openSync(log, "a", 0o600);
  const supervisor = spawn(process.execPath, [join(dirname(fileURLToPath(import.meta.url)), "supervisor.js"), dir], {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: dir,
    // Nothing of the caller's AWS settings.
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: join(dir, sandboxFiles.awsConfig),
      AWS_SHARED_CREDENTIALS_FILE: join(dir, sandboxFiles.awsCredentials),
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
  });
  closeSync(output);
  supervisor.unref();
  const hasEnded = () => supervisor.exitCode !== null || supervisor.signalCode !== null;
  const interrupted = new AbortController();
  const interrupt = () => {
    interrupted.abort();
    supervisor.kill("SIGTERM");
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    await isTrueWithin(startMilliseconds, () => hasEnded() || readState(dir)?.phase === "ready", 50);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
  const state = readState(dir);
  if (!hasEnded() && state?.phase === "ready") return state;
  supervisor.kill("SIGTERM");
  if (interrupted.signal.aborted) {
    await removeSandbox(dir);
    throw new SandboxError(`interrupted; sandbox ${name} was removed`);
  }
  throw new SandboxError(
    `sandbox ${name} did not start: ${state?.error ?? "no answer from its supervisor"}`,
    `log: ${log}`,
  );
}
