import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signClusterToken } from "../aws/token.ts";
import { secretValues } from "../config/secrets.ts";
import { createWorkDir, type WorkDir } from "../config/work-dir.ts";
import { createInterrupts, type Interrupts } from "../engine/interrupt.ts";
import { HubctlError } from "../errors.ts";
import { createInstallation, type Installation } from "../steps/installation.ts";
import { askedOnce } from "../tools/asked-once.ts";
import { createExec, createStartTool } from "../tools/exec.ts";
import { withTokens } from "../tools/kube-login.ts";
import { toExpected } from "../ui/errors.ts";
import { logFileName, openLogger, type Logger } from "../ui/logger.ts";
import { createOutput, type Output } from "../ui/output.ts";
import { processRedactor } from "../ui/redact.ts";
import { createConfigCopy } from "./config-copy.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";

export interface ReadingOptions extends ConfiguredOptions {
  json: boolean;
  debug?: boolean;
  version: string;
}

/** What a command that only looks at a deployment has at hand. */
export interface ReadingSession {
  installation: Installation;
  output: Output;
  interrupts: Interrupts;
  logger: Logger;
}

/** Runs `work` with log and interrupts, but without run lock and journal: nothing that it does counts as a run. */
export async function inReadingSession<Result>(
  command: string,
  options: ReadingOptions,
  work: (session: ReadingSession) => Promise<Result>,
): Promise<Result> {
  const { config, deployment, secrets, warnings, files } = await loadConfigured(options, createExec());
  const { version, json, debug = false } = options;
  processRedactor.add(...secretValues(secrets));
  const { redact } = processRedactor;
  const workDir = createWorkDir(deployment);
  const logger = openLogger(join(workDir.path, logFileName(command)), redact);
  const log = (line: string) => logger.write(line);
  const output = createOutput({ debug, json, redact, log });
  for (const warning of warnings) output.note(`${output.style("yellow", "!")} ${warning}`);

  const interrupts = createInterrupts({ note: (line) => output.note(line) });
  const stopListening = interrupts.listen();
  const folder = await mkdtemp(join(tmpdir(), `hubctl-${command}-`));
  const running = { running: interrupts, log, redact };
  const signIn = () => {
    const { region, credentials } = installation.aws;
    return signClusterToken({ cluster: config.name, region }, credentials);
  };
  const exec = askedOnce(withTokens(createExec(running), signIn));
  const installation = createInstallation({
    config,
    deployment,
    secrets,
    workDir: forReading(workDir, folder),
    exec,
    program: thisProgram,
    chartMirror: process.env["HUBCTL_CHART_MIRROR"] || undefined,
    signal: interrupts.signal,
    note: (line) => output.note(line),
    hubctlVersion: version,
    isReading: true,
    hideSecrets: (...values) => processRedactor.add(...values),
    terraformRuns: { exec, start: createStartTool(running), running: interrupts, log, redact },
    takeRunLock: () => copy.compare(),
    leaveStateBucket: () => Promise.resolve(),
  });
  // An older configuration may be looked at: that it is older is told.
  const standing = { useLocalConfig: true, isForApplying: true };
  const copy = createConfigCopy({ installation, files, output, redact, version, ...standing });
  try {
    return await work({ installation, output, interrupts, logger });
  } catch (error) {
    const expected = toExpected(error);
    if (expected instanceof HubctlError) expected.log ??= logger.path;
    logger.write(error instanceof Error ? (error.stack ?? error.message) : String(error));
    throw expected;
  } finally {
    stopListening();
    logger.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Apart from where a run works: what is looked at here may not come between the plan and the deed of another run. */
function forReading(workDir: WorkDir, folder: string): WorkDir {
  return {
    ...workDir,
    terraform: (stack) => join(workDir.path, "plan", stack),
    kubeconfig: join(folder, "kubeconfig"),
  };
}
