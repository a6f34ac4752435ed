import { setTimeout as delay } from "node:timers/promises";
import { AbortError, HubctlError, ToolError, UserError } from "../errors.ts";
import { toExpected } from "../ui/errors.ts";
import type { Report } from "./step.ts";

/** What the table of known failures says about an error. */
export type Verdict =
  | { kind: "retry"; id: string; reason: string; attempts: number; delaySeconds: number; hint?: string }
  | { kind: "fatal"; id: string; reason: string; hint: string; isLogin?: true };

/** Looks an error up; undefined means that nobody knows it, so it stops the run. */
export type Classify = (error: unknown, phase: string) => Verdict | undefined;

/** Waits between attempts, or ends early when the run is interrupted. */
export type Wait = (seconds: number, signal?: AbortSignal) => Promise<void>;

export interface RetryOptions {
  classify: Classify;
  report: Report;
  wait?: Wait;
  signal?: AbortSignal;
  /** Hears of every attempt that will be repeated. */
  onRetry?: (failure: { id: string; attempt: number }) => void;
}

/**
 * Runs `attempt` again for as long as its failures are known to pass by themselves. Each kind of failure has its own
 * budget of attempts. Everything else ends it: a fatal failure with the table's hint, an unknown one as it is.
 */
export async function withRetry<Result>(
  phase: string,
  attempt: (number: number) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { classify, report, wait = waitSeconds, signal, onRetry } = options;
  const failures = new Map<string, number>();
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (signal?.aborted || error instanceof UserError || error instanceof AbortError) throw error;
      const verdict = classify(error, phase);
      if (verdict === undefined) throw error;
      if (verdict.kind === "fatal") throw explain(error, verdict);
      const attempts = (failures.get(verdict.id) ?? 0) + 1;
      failures.set(verdict.id, attempts);
      if (attempts >= verdict.attempts) throw explain(error, verdict);
      onRetry?.({ id: verdict.id, attempt: attempts });
      report.note(`retrying (${attempts + 1}/${verdict.attempts}) in ${verdict.delaySeconds} s: ${verdict.reason}`);
      await wait(verdict.delaySeconds, signal);
    }
  }
}

export const waitSeconds: Wait = async (seconds, signal) => {
  try {
    await delay(seconds * 1000, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    if (signal?.aborted) throw new AbortError("Interrupted", "interrupted while waiting", { cause });
    throw cause;
  }
};

/** The same failure with what the table says about it. */
function explain(error: unknown, verdict: Verdict): unknown {
  const { id, reason, hint } = verdict;
  if (hint === undefined) return error;
  const Failure = verdict.kind === "fatal" && verdict.isLogin ? UserError : ToolError;
  const expected = toExpected(error);
  const own = expected instanceof HubctlError ? expected : undefined;
  const output = own?.output ?? (error instanceof Error ? error.message : String(error));
  return new Failure(own?.code ?? id, `${own?.message ?? "a tool failed"}: ${reason}`, {
    output,
    hint,
    cause: error,
  });
}
