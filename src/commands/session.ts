import { join } from "node:path";
import { hostname, userInfo } from "node:os";
import { acquireRunLock, type RunLock } from "../aws/run-lock.ts";
import { secretValues } from "../config/secrets.ts";
import { readMachineId } from "../config/machine-id.ts";
import { createWorkDir } from "../config/work-dir.ts";
import { createInterrupts, type Interrupts } from "../engine/interrupt.ts";
import { openJournal, type Journal } from "../engine/journal.ts";
import { AbortError, HubctlError } from "../errors.ts";
import { createInstallation, type Installation } from "../steps/installation.ts";
import { createExec, createStartTool } from "../tools/exec.ts";
import { identifyProcess } from "../tools/process-identity.ts";
import { toExpected } from "../ui/errors.ts";
import { logFileName, openLogger, type Logger } from "../ui/logger.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { processRedactor } from "../ui/redact.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";

export interface SessionOptions extends ConfiguredOptions {
  debug?: boolean;
  version: string;
}

/** What a command that works on a deployment has at hand while it runs. */
export interface Session {
  installation: Installation;
  output: Output;
  interrupts: Interrupts;
  journal: Journal;
  logger: Logger;
}

/** Runs `work` with journal, log, interrupts and, once it is taken, the run lock; all of it is closed in any case. */
export async function inSession<Result>(
  command: string,
  options: SessionOptions,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { config, deployment, secrets, warnings } = await loadConfigured(options, createExec());
  const workDir = createWorkDir(deployment);
  processRedactor.add(...secretValues(secrets));
  const { redact } = processRedactor;
  const logger = openLogger(join(workDir.path, logFileName(command)), redact);
  const log = (line: string) => logger.write(line);
  const output = createOutput({ debug: options.debug ?? false, redact, log });
  for (const warning of warnings) output.note(`${output.style("yellow", "!")} ${warning}`);

  const interrupts = createInterrupts({ note: (line) => output.note(line) });
  const stopListening = interrupts.listen();
  const journal = openJournal(workDir.journal, command, { redact });
  const started = performance.now();
  journal.record({
    event: "run-started",
    command,
    version: options.version,
    pid: process.pid,
    host: hostname(),
    user: userInfo().username,
  });
  const end = (outcome: "done" | "failed" | "interrupted") =>
    journal.record({ event: "run-ended", outcome, seconds: (performance.now() - started) / 1000 });

  let lock: RunLock | undefined;
  const running = { running: interrupts, log, redact };
  const exec = createExec(running);
  const installation = createInstallation({
    config,
    deployment,
    secrets,
    workDir,
    exec,
    program: thisProgram,
    chartMirror: process.env["HUBCTL_CHART_MIRROR"] || undefined,
    signal: interrupts.signal,
    note: (line) => output.note(line),
    hubctlVersion: options.version,
    hideSecrets: (...values) => processRedactor.add(...values),
    terraformRuns: { exec, start: createStartTool(running), running: interrupts, journal, log, redact },
    async takeRunLock({ aws, caller }) {
      const { account, arn } = await caller();
      lock ??= await acquireRunLock(aws, {
        account,
        deployment: config.name,
        principal: arn,
        command: `hubctl ${command}`,
        machine: readMachineId(workDir),
        identify: (pid) => identifyProcess(pid, exec),
      });
    },
  });
  try {
    const result = await work({ installation, output, interrupts, journal, logger });
    end("done");
    return result;
  } catch (error) {
    const expected = toExpected(error);
    end(expected instanceof AbortError ? "interrupted" : "failed");
    if (expected instanceof HubctlError) expected.log ??= logger.path;
    logger.write(error instanceof Error ? (error.stack ?? error.message) : String(error));
    throw expected;
  } finally {
    await lock?.release().catch((error: unknown) => {
      // What the run itself ended with is worth more than this; nothing else would be shown of it.
      const why = error instanceof Error ? error.message : String(error);
      output.note(`! could not give back the run lock (${why}); the next run on this machine takes it over`);
    });
    stopListening();
    logger.close();
  }
}
