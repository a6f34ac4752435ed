import { hostname, userInfo } from "node:os";
import { openJournal, wordsOf, type Journal, type RunOutcome } from "../engine/journal.ts";

export interface RunJournal extends Journal {
  end(outcome: RunOutcome, error?: unknown): void;
}

/** The journal of a run, with its start in it. */
export function startJournal(
  folder: string,
  { command, version, redact }: { command: string; version: string; redact: (text: string) => string },
): RunJournal {
  const journal = openJournal(folder, command, { redact });
  const started = performance.now();
  journal.record({
    event: "run-started",
    command,
    version,
    pid: process.pid,
    host: hostname(),
    user: userInfo().username,
  });
  return {
    ...journal,
    end(outcome, error) {
      const message = error === undefined ? {} : { message: wordsOf(error) };
      journal.record({ event: "run-ended", outcome, seconds: (performance.now() - started) / 1000, ...message });
    },
  };
}
