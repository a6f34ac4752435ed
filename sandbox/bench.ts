import { availableParallelism, loadavg } from "node:os";
import { measureAudit } from "./bench/audit.ts";
import { prepareCleanup } from "./bench/cleanup.ts";
import { measureColdStart } from "./bench/cold-start.ts";
import { measureInstall } from "./bench/install-memory.ts";
import { formatTable, isWithinBound, type Measurement } from "./bench/measurement.ts";
import { measureNoOp } from "./bench/no-op.ts";
import { measurePlan } from "./bench/plan.ts";
import { measureStatus } from "./bench/status.ts";
import { SandboxError } from "./errors.ts";
import { prepareExample } from "./example.ts";
import { startSandbox, stopSandbox } from "./lifecycle.ts";
import { sandboxFolder } from "./state.ts";

const name = `bench-${process.pid}`;
const interrupted = new AbortController();
const { signal } = interrupted;
// Every time, so that a second Ctrl-C does not leave the sandbox behind.
for (const end of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(end, () => interrupted.abort());

const measurements: Measurement[] = [];
try {
  await measureAll();
  if (!measurements.every(isWithinBound)) process.exitCode = 1;
} catch (error) {
  say(signal.aborted ? "✖ interrupted" : `✖ ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof SandboxError && error.hint !== undefined) say(`→ ${error.hint}`);
  process.exitCode = signal.aborted ? 130 : 1;
} finally {
  // What was measured before a failure holds all the same.
  if (measurements.length > 0) process.stdout.write(`${formatTable(measurements).join("\n")}\n`);
}

async function measureAll(): Promise<void> {
  say(`${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1) ?? "?"}, Node ${process.version}`);
  say("cold start");
  measurements.push(...(await measureColdStart(signal)));
  const folder = sandboxFolder(name);
  let forget: (() => void) | undefined;
  try {
    const example = prepareExample(folder, await startSandbox(folder, name, say));
    say("hubctl install into the empty account (about 90 seconds)");
    measurements.push(await measureInstall(example, signal));
    say("hubctl install where all is done, and the raw commands, in turns (about 2 minutes)");
    measurements.push(await measureNoOp(example, signal));
    say("hubctl plan where nothing is to change, and the raw commands, in turns (about 2 minutes)");
    measurements.push(await measurePlan(example, signal));
    say("hubctl status, with AWS far away");
    measurements.push(await measureStatus(example, signal));
    const cleanup = await prepareCleanup({ folder, example, say }, name);
    forget = cleanup.forget;
    say("hubctl audit among 10,000 things of others (about 2 minutes)");
    measurements.push(...(await measureAudit(example.env, signal)));
    say("hubctl cleanup and the raw commands, in turns, each on the same installed world (about 8 minutes)");
    measurements.push(await cleanup.measure(signal));
  } finally {
    await stopSandbox(folder, say);
    forget?.();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
