import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { HubctlError, SeveralErrors } from "../errors.ts";

export type JournalEvent =
  | { event: "run-started"; command: string; version: string; pid: number; host: string; user: string }
  | { event: "step-started"; step: string; attempt: number }
  | { event: "step-skipped"; step: string; reason: string }
  | { event: "step-retried"; step: string; attempt: number; failure: string }
  | { event: "step-done"; step: string; seconds: number }
  | { event: "step-failed"; step: string; seconds: number; code: string; message?: string }
  | { event: "tool-started"; tool: string; pid: number; startedAt: string }
  | { event: "tool-ended"; tool: string; pid: number }
  | { event: "run-ended"; outcome: RunOutcome; seconds: number; message?: string };

export type RunOutcome = "done" | "failed" | "interrupted";

/** What happened in one run, as JSON lines. It informs people; no step decides by it. */
export interface Journal {
  readonly path: string;
  record(event: JournalEvent): void;
}

export interface JournalOptions {
  now?: () => Date;
  /** Failures are kept in the words of tools, which may quote what they were given. */
  redact?: (text: string) => string;
}

/** Starts the journal of a run in `<folder>/<time>-<command>.jsonl`. */
export function openJournal(folder: string, command: string, options: JournalOptions = {}): Journal {
  const { now = () => new Date(), redact = (text: string) => text } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const time = now().toISOString().replaceAll(":", "-");
  const path = join(folder, `${time}-${command}.jsonl`);
  return {
    path,
    // Synchronous: the last line before a kill -9 must be there.
    record: (event) =>
      appendFileSync(path, `${redact(JSON.stringify({ time: now().toISOString(), ...event }))}\n`, { mode: 0o600 }),
  };
}

/** A failure as a journal keeps it: what failed, and the tool's own words. */
export function wordsOf(error: unknown): string {
  if (error instanceof SeveralErrors) return error.errors.map(wordsOf).join("\n");
  if (error instanceof HubctlError) return [error.message, error.output].filter(Boolean).join("\n");
  return error instanceof Error ? error.message : String(error);
}
