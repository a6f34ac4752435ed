import { AbortError, HubctlError, SeveralErrors, ToolError } from "../errors.ts";
import type { Output } from "../ui/output.ts";
import { toExpected } from "../ui/errors.ts";
import type { Interrupts } from "./interrupt.ts";
import { wordsOf, type Journal } from "./journal.ts";
import type { Classify, Wait } from "./retry.ts";
import { withRetry } from "./retry.ts";
import type { StepView } from "./run-view.ts";
import { createView } from "./run-view.ts";
import { turnsOf, type Checked, type Report, type Step, type StepList } from "./step.ts";

export interface RunOptions {
  output: Output;
  classify: Classify;
  interrupts?: Pick<Interrupts, "signal">;
  journal?: Pick<Journal, "record">;
  log?: (line: string) => void;
  /** How the run is continued, as a command; ends every failure that names nothing better. */
  resume?: string;
  /** What steps took in earlier runs of this deployment, by step id. */
  earlier?: ReadonlyMap<string, readonly number[]>;
  /** Where somebody looks who thinks that a step takes too long, as a sentence. */
  whereToLook?: string;
  wait?: Wait;
  /** Seconds since some moment; only a test needs another clock. */
  clock?: () => number;
}

/** What every step found, by step id. */
export type CheckedList = ReadonlyMap<string, Checked<unknown>>;

interface StepResult {
  id: string;
  title: string;
  outcome: "done" | "skipped" | "failed";
  /** Why it was skipped. */
  reason?: string;
  seconds: number;
  attempts: number;
}

export interface RunResult {
  steps: StepResult[];
  seconds: number;
}

/** Asks every step what it would do. Changes nothing. */
export async function checkSteps<Context>(
  list: StepList<Context>,
  context: Context,
  options: RunOptions,
): Promise<CheckedList> {
  const found = new Map<string, Checked<unknown>>();
  const { output } = options;
  for (const entry of list) {
    const members = turnsOf([entry]).flat();
    refuseWhenInterrupted(options, members[0]?.title);
    const endStatus = output.showStatus(`checking: ${members.map(({ title }) => title).join(" · ")}`);
    const report: Report = { progress: () => undefined, note: (text) => output.note(text) };
    const settled = await Promise.allSettled(
      members.map(async (step) => {
        found.set(step.id, await checkStep(step, context, options, report));
      }),
    ).finally(endStatus);
    const isSequence = "inOrder" in entry;
    throwFailures(isSequence ? upToFirstFailure(settled) : settled, options, members);
  }
  return found;
}

/** A step without which the list would go on is asked once more at its turn. */
async function checkStep<Context>(
  step: Step<Context>,
  context: Context,
  options: RunOptions,
  report: Report,
): Promise<Checked<unknown>> {
  try {
    return await withRetry(step.id, () => step.check(context), retryOptions(options, report));
  } catch (error) {
    const expected = toExpected(error);
    if (!isDispensable(step, expected, options)) throw error;
    return { unknown: expected.message };
  }
}

/** The list can go on without the step, whatever it was. */
function isDispensable<Context>(step: Step<Context>, error: unknown, options: RunOptions): error is ToolError {
  return step.goOnAfter !== undefined && error instanceof ToolError && !options.interrupts?.signal.aborted;
}

/** What a step is called in a run that found this. */
export function titleOf<Context>({ id, title }: Pick<Step<Context>, "id" | "title">, checked: CheckedList): string {
  const found = checked.get(id);
  return (found && "change" in found ? found.title : undefined) ?? title;
}

/** Whether a list of checks leaves anything to do. */
export function hasChanges(checked: CheckedList): boolean {
  return [...checked.values()].some((found) => !("done" in found));
}

/** Of a failure that does not stop the list; the log has all of it. */
const mostLines = 10;

/** Runs the steps that are not done, in order, and stops at the first failure. */
export async function runSteps<Context>(
  list: StepList<Context>,
  checked: CheckedList,
  context: Context,
  options: RunOptions,
): Promise<RunResult> {
  const clock = options.clock ?? (() => performance.now() / 1000);
  const started = clock();
  const results: StepResult[] = [];
  const view = await createView(list, { ...options, clock, titleOf: (step) => titleOf(step, checked) });
  let hasRun = false;
  try {
    for (const members of turnsOf(list)) {
      refuseWhenInterrupted(options, members[0]?.title);
      const isStale: boolean = hasRun;
      const settled: PromiseSettledResult<StepResult>[] = await Promise.allSettled(
        members.map((step) => runStep(step, { checked, isStale, context, options, clock, view: view.step(step.id) })),
      );
      throwFailures(settled, options, members);
      const ended = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      results.push(...ended);
      hasRun ||= ended.some(({ outcome }) => outcome !== "skipped");
      view.goOn();
    }
  } finally {
    await view.close();
  }
  return { steps: results, seconds: clock() - started };
}

interface Turn<Context> {
  checked: CheckedList;
  /** An earlier step has changed something since the step was checked. */
  isStale: boolean;
  context: Context;
  options: RunOptions;
  clock: () => number;
  view: StepView;
}

async function runStep<Context>(step: Step<Context>, turn: Turn<Context>): Promise<StepResult> {
  const { options, view, clock, context } = turn;
  const { journal } = options;
  const started = clock();
  const seconds = (): number => clock() - started;
  let attempts = 0;
  const attempt = async (number: number): Promise<string | undefined> => {
    attempts = number;
    const first = number === 1 && !turn.isStale ? turn.checked.get(step.id) : undefined;
    // After a failed attempt the world is another one: the plan is made and guarded anew.
    const found = first !== undefined && !("unknown" in first) ? first : await step.check(context);
    if ("unknown" in found) {
      throw new ToolError("StepNotReady", `${step.title}: cannot tell what to do: ${found.unknown}`);
    }
    if ("done" in found) return found.done;
    journal?.record({ event: "step-started", step: step.id, attempt: number });
    options.log?.(`step ${step.id}, attempt ${number}: ${found.change}`);
    await step.run(context, found.plan, view);
    return undefined;
  };
  const base = { id: step.id, title: titleOf(step, turn.checked) };
  view.start();
  try {
    const reason = await withRetry(step.id, attempt, {
      ...retryOptions(options, view),
      onRetry: (failure) =>
        journal?.record({ event: "step-retried", step: step.id, attempt: failure.attempt, failure: failure.id }),
    });
    if (reason !== undefined && attempts === 1) {
      journal?.record({ event: "step-skipped", step: step.id, reason });
      view.skip(reason);
      return { ...base, outcome: "skipped", reason, seconds: seconds(), attempts };
    }
    journal?.record({ event: "step-done", step: step.id, seconds: seconds() });
    view.done(seconds());
    return { ...base, outcome: "done", seconds: seconds(), attempts };
  } catch (error) {
    const expected = toExpected(error);
    const code = expected instanceof HubctlError ? expected.code : "Bug";
    journal?.record({ event: "step-failed", step: step.id, seconds: seconds(), code, message: wordsOf(expected) });
    const goesOn = isDispensable(step, expected, options);
    if (goesOn) {
      view.note(`! ${expected.message}; going on`);
      for (const line of expected.output?.split("\n").slice(0, mostLines) ?? []) view.note(`  ${line}`);
    }
    view.fail(seconds());
    if (!goesOn) throw expected;
    step.goOnAfter?.(context, expected);
    return { ...base, outcome: "failed", seconds: seconds(), attempts };
  }
}

/** What would have been found out if each had waited for the one before. */
function upToFirstFailure<Result extends PromiseSettledResult<unknown>>(settled: readonly Result[]): readonly Result[] {
  const first = settled.findIndex(({ status }) => status === "rejected");
  return first === -1 ? settled : settled.slice(0, first + 1);
}

function retryOptions(options: RunOptions, report: Report) {
  const { classify, wait, interrupts } = options;
  return {
    classify,
    report,
    ...(wait === undefined ? {} : { wait }),
    ...(interrupts === undefined ? {} : { signal: interrupts.signal }),
  };
}

function refuseWhenInterrupted(options: RunOptions, next: string | undefined): void {
  if (!options.interrupts?.signal.aborted) return;
  const before = next === undefined ? "" : ` before "${next}"`;
  throw withResume(new AbortError("Interrupted", `interrupted${before}`), options);
}

/** Fails with what failed; an interrupt is one failure, however many tools it ended. */
function throwFailures<Context>(
  settled: readonly PromiseSettledResult<unknown>[],
  options: RunOptions,
  members: readonly Step<Context>[],
): void {
  const errors = settled.flatMap((result) => (result.status === "rejected" ? [toExpected(result.reason)] : []));
  if (errors.length === 0) return;
  if (options.interrupts?.signal.aborted) {
    const titles = members.filter((_, index) => settled[index]?.status === "rejected").map(({ title }) => `"${title}"`);
    const interrupted = new AbortError("Interrupted", `interrupted during ${titles.join(" and ")}`, {
      cause: errors[0],
    });
    throw withResume(interrupted, options);
  }
  throw withResume(errors.length === 1 ? errors[0] : new SeveralErrors(errors), options);
}

function withResume(error: unknown, options: RunOptions): unknown {
  if (error instanceof HubctlError) error.resume ??= options.resume;
  return error;
}
