import { isDeepStrictEqual } from "node:util";
import { readLock } from "../config/lock-file.ts";
import { formatDuration } from "../engine/format-duration.ts";
import { classifyError } from "../engine/known-failures.ts";
import { earlierStepSeconds } from "../engine/run-history.ts";
import { checkSteps, hasChanges, runSteps, type CheckedList, type RunOptions } from "../engine/run-steps.ts";
import type { StepList } from "../engine/step.ts";
import { previewChanges } from "../plan/preview.ts";
import { notPaused } from "../steps/paused.ts";
import type { Installation } from "../steps/installation.ts";
import { agreeToChanges, type Consent } from "./agree-to-changes.ts";
import { createsCluster, describeIntent, describeOutcome } from "./install-screens.ts";
import { offerCertificate } from "./offer-certificate.ts";
import { describePreview } from "./plan-screens.ts";
import { quoteWord } from "./quote-word.ts";
import type { Session } from "./session.ts";

export interface Application {
  steps: StepList<Installation>;
  consent: Consent;
  /** The command that goes on from wherever this run stops. */
  resume: string;
  /** What is said of the deployment in the end: "is installed". */
  became: string;
}

/**
 * Makes the deployment what its configuration and lock file say: all is checked, shown, agreed to, and then done
 * exactly so. The one path of `install` and `update`, so that neither can do more than the other.
 */
export async function applyConfiguration(session: Session, application: Application): Promise<void> {
  await carryOut(session, application, await planAndAgree(session, application));
}

export async function carryOut(
  session: Session,
  { steps, resume, became }: Application,
  agreed: CheckedList,
): Promise<void> {
  const { installation, output } = session;
  const result = await runSteps(steps, agreed, installation, runOptionsOf(session, resume));
  if (!result.steps.some(({ outcome }) => outcome === "done")) {
    output.note(`Nothing to do: ${installation.deployment.name} is complete`);
  }
  output.result(describeOutcome(installation, result, became));
}

/** Touches nothing. What was agreed to is looked at once more if somebody had to think about it. */
export async function planAndAgree(session: Session, { steps, consent, resume }: Application): Promise<CheckedList> {
  const { installation, output } = session;
  const runOptions = runOptionsOf(session, resume);
  // Not asked of `lock` yet: before the first install that asks AWS, and who is logged in is to be checked first.
  const isFirst = readLock(installation.deployment.lockFile) === undefined;
  if (!isFirst) await checkSteps([notPaused], installation, runOptions);
  const started = performance.now();
  let found = await plan(installation, steps, runOptions);
  for (;;) {
    const checked = await offerCertificate(found, output, consent);
    if (!hasChanges(checked)) {
      output.note(`Checked in ${formatDuration((performance.now() - started) / 1000)}`);
      return checked;
    }
    for (const line of await describeChanges(session, steps, checked)) output.note(line);
    const hasWaited = await agreeToChanges(installation, output, consent);
    // Before the first install there is nothing that could have moved, and its lock file's content is only drawn.
    if (!hasWaited || isFirst) return checked;
    installation.forget();
    const now = await plan(installation, steps, runOptions);
    if (isDeepStrictEqual(changesIn(found), changesIn(now))) return checked;
    output.note("! nothing was done: what is there has changed since it was looked at. The plan is now:");
    found = now;
  }
}

/** Where there is a hub, what it means for those who use it; where there is none, what it will cost. */
async function describeChanges(
  { installation, output }: Session,
  steps: StepList<Installation>,
  checked: CheckedList,
): Promise<string[]> {
  const { recorded } = await installation.lock();
  if (!recorded || createsCluster(installation.stacks.cluster.shown)) {
    return describeIntent(installation, steps, checked, output);
  }
  const preview = await previewChanges(installation, steps, checked);
  // What was not allowed has been refused by now, and what was is told with the question.
  return describePreview({ ...preview, losses: [] }, output);
}

/** All losses are told at once, so refusing waits until every step has been checked. */
async function plan(
  installation: Installation,
  steps: StepList<Installation>,
  runOptions: RunOptions,
): Promise<CheckedList> {
  const { guard } = installation;
  guard.putOff();
  const found = await checkSteps(steps, installation, runOptions);
  guard.enforce();
  for (const address of guard.unneeded) {
    installation.note(`! --allow-replace ${quoteWord(address)}: nothing of that name would be replaced or deleted`);
  }
  return found;
}

function changesIn(checked: CheckedList): CheckedList {
  return new Map([...checked].filter(([, found]) => !("done" in found)));
}

export function runOptionsOf(
  { installation, output, interrupts, journal, logger }: Session,
  resume: string,
): RunOptions {
  const { deployment, workDir } = installation;
  return {
    output,
    interrupts,
    journal,
    classify: classifyError,
    log: (line) => logger.write(line),
    resume,
    earlier: earlierStepSeconds(workDir.journal),
    whereToLook: `hubctl status --deployment ${deployment.name} tells what is not well, and ${logger.path} what has happened so far`,
  };
}
