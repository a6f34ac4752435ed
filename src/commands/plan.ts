import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { secretValues } from "../config/secrets.ts";
import { createWorkDir, type WorkDir } from "../config/work-dir.ts";
import { createInterrupts } from "../engine/interrupt.ts";
import { classifyError } from "../engine/known-failures.ts";
import { checkSteps } from "../engine/run-steps.ts";
import { HubctlError } from "../errors.ts";
import { lookAtCluster } from "../plan/cluster-look.ts";
import { previewChanges, type Preview } from "../plan/preview.ts";
import { installSteps } from "../steps/index.ts";
import { createInstallation } from "../steps/installation.ts";
import { refuseWhilePaused } from "../steps/paused.ts";
import { createExec, createStartTool } from "../tools/exec.ts";
import { toExpected } from "../ui/errors.ts";
import { logFileName, openLogger } from "../ui/logger.ts";
import { createOutput } from "../ui/output.ts";
import { processRedactor } from "../ui/redact.ts";
import { createConfigCopy } from "./config-copy.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";
import { describePreview, previewAsMarkdown } from "./plan-screens.ts";

export interface PlanOptions extends ConfiguredOptions {
  json: boolean;
  markdown: boolean;
  /** Exit code 2 if there are changes, as with Terraform. */
  detailedExitcode: boolean;
  debug?: boolean;
  version: string;
}

/** Of `plan --detailed-exitcode`; no failure ends with it. */
const thereAreChanges = 2;

/** Shows what an update, or the first install, would do. Writes nothing outside its own work folder, and takes no lock. */
export async function plan(options: PlanOptions): Promise<void> {
  const { config, deployment, secrets, warnings, files } = await loadConfigured(options, createExec());
  processRedactor.add(...secretValues(secrets));
  const { redact } = processRedactor;
  const workDir = createWorkDir(deployment);
  const logger = openLogger(join(workDir.path, logFileName("plan")), redact);
  const log = (line: string) => logger.write(line);
  const output = createOutput({ debug: options.debug ?? false, json: options.json, redact, log });
  for (const warning of warnings) output.note(`${output.style("yellow", "!")} ${warning}`);
  const interrupts = createInterrupts({ note: (line) => output.note(line) });
  const stopListening = interrupts.listen();
  const folder = await mkdtemp(join(tmpdir(), "hubctl-plan-"));
  const running = { running: interrupts, log, redact };
  const exec = createExec(running);
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
    hubctlVersion: options.version,
    isReading: true,
    hideSecrets: (...values) => processRedactor.add(...values),
    terraformRuns: { exec, start: createStartTool(running), running: interrupts, log, redact },
    takeRunLock: () => copy.compare(),
    leaveStateBucket: () => Promise.resolve(),
  });
  const { version } = options;
  const copy = createConfigCopy({
    ...{ installation, files, output, redact, version },
    useLocalConfig: true,
    isForApplying: true,
  });
  try {
    await refuseWhilePaused(installation);
    const look = lookAtCluster(installation);
    // It is awaited once the steps have been checked; until then nobody would hear of its failure.
    look.catch(() => undefined);
    installation.guard.putOff();
    const checked = await checkSteps(installSteps, installation, { output, interrupts, classify: classifyError, log });
    const preview = await previewChanges(installation, installSteps, checked, look);
    output.result(toText(preview, options), preview);
    if (options.detailedExitcode && preview.hasChanges) process.exitCode = thereAreChanges;
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

function toText(preview: Preview, { markdown }: Pick<PlanOptions, "markdown">): string {
  if (markdown) return previewAsMarkdown(preview);
  return describePreview(preview, {
    style: (style, text) => styleText(style, text, { stream: process.stdout }),
  }).join("\n");
}

/** Apart from where a run works: what is planned here may not come between the plan and the deed of another run. */
function forReading(workDir: WorkDir, folder: string): WorkDir {
  return {
    ...workDir,
    terraform: (stack) => join(workDir.path, "plan", stack),
    kubeconfig: join(folder, "kubeconfig"),
  };
}
