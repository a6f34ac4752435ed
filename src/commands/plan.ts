import { existsSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { readLock } from "../config/lock-file.ts";
import { workDirPaths } from "../config/work-dir.ts";
import { classifyError } from "../engine/known-failures.ts";
import { checkSteps } from "../engine/run-steps.ts";
import { turnsOf, type Step, type StepList } from "../engine/step.ts";
import { lookAtCluster } from "../plan/cluster-look.ts";
import { previewChanges, type Preview } from "../plan/preview.ts";
import { checkLogin } from "../steps/check-login.ts";
import { checkTools } from "../steps/check-tools.ts";
import { installSteps } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { notPaused } from "../steps/paused.ts";
import { unsavedState } from "../tools/terraform-stack.ts";
import { describeEnd, describePreview, previewAsMarkdown } from "./plan-screens.ts";
import { inReadingSession, type ReadingOptions, type ReadingSession } from "./reading-session.ts";

export interface PlanOptions extends ReadingOptions {
  markdown: boolean;
  /** Exit code 2 if there are changes, as with Terraform. */
  detailedExitcode: boolean;
}

/** Of `plan --detailed-exitcode`; no failure ends with it. */
const thereAreChanges = 2;

/** Shows what an update, or the first install, would do. Writes nothing outside its own work folder, and takes no lock. */
export async function plan(options: PlanOptions): Promise<void> {
  await inReadingSession("plan", options, async (session) => {
    const preview = await lookAhead(session);
    session.output.result(toText(preview, options), preview);
    if (options.detailedExitcode && preview.hasChanges) process.exitCode = thereAreChanges;
  });
}

async function lookAhead({ installation, output, interrupts, logger }: ReadingSession): Promise<Preview> {
  const log = (line: string) => logger.write(line);
  const checking = { output, interrupts, classify: classifyError, log };
  const isInstalled = readLock(installation.deployment.lockFile) !== undefined;
  await checkSteps([{ inOrder: [...first, ...(isInstalled ? [notPaused] : [])] }], installation, checking);
  noteUnsavedState(installation);
  // Terraform takes longest by far: what else is asked may begin once nothing keeps it waiting.
  await Promise.allSettled(Object.values(installation.stacks).map((stack) => stack.prepare()));
  const look = lookAtCluster(installation);
  // It is awaited once the steps have been checked; until then nobody would hear of its failure.
  look.catch(() => undefined);
  installation.guard.putOff();
  const checked = await checkSteps(atOnce(installSteps), installation, checking);
  return previewChanges(installation, installSteps, checked, look);
}

/** A run mends it first; to a plan what that state holds is not there. */
function noteUnsavedState({ deployment, note }: Installation): void {
  const workDir = workDirPaths(deployment);
  for (const stack of ["storage", "cluster"] as const) {
    const file = join(workDir.terraform(stack), unsavedState);
    if (existsSync(file))
      note(`! this plan knows nothing of ${file}, which the next run saves before it does anything else`);
  }
}

/** Without them no other check gets an answer. */
const first: readonly Step<Installation>[] = [checkTools, checkLogin];

/** Nothing is run in between, and outputs are read from the state itself: so no check has to wait for another. */
function atOnce(list: StepList<Installation>): StepList<Installation> {
  const steps = turnsOf(list).flat();
  return [{ inOrder: steps.filter((step) => !first.includes(step)) }];
}

function toText(preview: Preview, { markdown }: Pick<PlanOptions, "markdown">): string {
  if (markdown) return previewAsMarkdown(preview);
  const lines = describePreview(preview, {
    style: (style, text) => styleText(style, text, { stream: process.stdout }),
  });
  return [...lines, "", describeEnd(preview)].join("\n");
}
