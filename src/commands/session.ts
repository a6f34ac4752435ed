import { join } from "node:path";
import { copyJournal } from "../aws/run-journals.ts";
import { secretValues } from "../config/secrets.ts";
import { createWorkDir } from "../config/work-dir.ts";
import { createInterrupts, type Interrupts } from "../engine/interrupt.ts";
import type { Journal } from "../engine/journal.ts";
import { AbortError, HubctlError } from "../errors.ts";
import { createInstallation, type Installation, type InstallationOptions } from "../steps/installation.ts";
import { createExec, createStartTool } from "../tools/exec.ts";
import { toExpected } from "../ui/errors.ts";
import { logFileName, openLogger, type Logger } from "../ui/logger.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { processRedactor } from "../ui/redact.ts";
import { createConfigCopy } from "./config-copy.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";
import { createLockKeeper } from "./lock-keeper.ts";
import { startJournal } from "./run-journal.ts";
import type { LockOptions } from "./run-lock.ts";

export interface SessionOptions extends ConfiguredOptions, LockOptions {
  debug?: boolean;
  /** What the command was run for goes to stdout as data. */
  json?: boolean;
  version: string;
  /** Go on with the configuration that is here, even if the state bucket's copy is newer. */
  useLocalConfig?: boolean;
  /** The run makes the deployment what its configuration says, so a copy of that is kept in the state bucket. */
  keepsConfig?: boolean;
  /** See InstallationOptions: what an upgrade or a rollback makes of the lock file. */
  chooseLock?: InstallationOptions["chooseLock"];
  /** Addresses of what may be replaced or deleted. */
  allowReplace?: readonly string[];
  /** Take a release back to its former revision, where that is what is wanted. */
  rollsBack?: boolean;
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
  const { config, deployment, secrets, warnings, files } = await loadConfigured(options, createExec());
  const { version, useLocalConfig = false, keepsConfig = false, json = false } = options;
  const workDir = createWorkDir(deployment);
  processRedactor.add(...secretValues(secrets));
  const { redact } = processRedactor;
  const logger = openLogger(join(workDir.path, logFileName(command)), redact);
  const log = (line: string) => logger.write(line);
  const output = createOutput({ debug: options.debug ?? false, json, redact, log });
  for (const warning of warnings) output.note(`${output.style("yellow", "!")} ${warning}`);

  const interrupts = createInterrupts({ note: (line) => output.note(line) });
  const stopListening = interrupts.listen();
  const journal = startJournal(workDir.journal, { command, version, redact });
  const running = { running: interrupts, log, redact };
  const exec = createExec(running);
  const shared = { command, deployment: config.name, workDir, exec, output, interrupts, log };
  const lock = createLockKeeper({ ...shared, lockOptions: options });
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
    hubctlVersion: version,
    allowReplace: options.allowReplace ?? [],
    rollsBack: options.rollsBack ?? false,
    ...(options.chooseLock && { chooseLock: options.chooseLock }),
    hideSecrets: (...values) => processRedactor.add(...values),
    terraformRuns: { exec, start: createStartTool(running), running: interrupts, journal, log, redact },
    async takeRunLock() {
      if (await lock.take(installation)) await copy.compare();
      if (keepsConfig) await copy.keepFirst();
    },
    leaveStateBucket: () => lock.release(),
  });
  const copy = createConfigCopy({
    installation,
    files,
    output,
    redact,
    version,
    useLocalConfig,
    isForApplying: keepsConfig,
  });
  /** What the run itself ends with is worth more than these, and nothing else would be shown of it. */
  const orNote = (what: string, attempt: Promise<void>): Promise<void> =>
    attempt.catch((error: unknown) => output.note(`! could not ${what.replace("…", `(${reasonOf(error)})`)}`));

  try {
    const result = await work({ installation, output, interrupts, journal, logger });
    if (lock.isHeld && keepsConfig) {
      await orNote("copy the configuration to the state bucket …; the next run does it", copy.keep());
    }
    journal.end("done");
    return result;
  } catch (error) {
    const expected = lock.lost ?? toExpected(error);
    journal.end(expected instanceof AbortError ? "interrupted" : "failed", expected);
    if (expected instanceof HubctlError) expected.log ??= logger.path;
    logger.write(error instanceof Error ? (error.stack ?? error.message) : String(error));
    throw expected;
  } finally {
    if (lock.isHeld) {
      const { account } = await installation.caller();
      const where = { account, deployment: config.name };
      await orNote("copy the run's journal to the state bucket …", copyJournal(installation.aws, where, journal.path));
      await orNote("give back the run lock …; the next run on this machine takes it over", lock.release());
    }
    stopListening();
    logger.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
