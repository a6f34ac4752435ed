import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const eventSchema = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("run-started"),
    command: z.string(),
    version: z.string(),
    pid: z.number(),
    host: z.string(),
  }),
  z.object({ event: z.literal("step-started"), step: z.string(), attempt: z.number() }),
  z.object({ event: z.literal("step-skipped"), step: z.string(), reason: z.string() }),
  z.object({ event: z.literal("step-retried"), step: z.string(), attempt: z.number(), failure: z.string() }),
  z.object({ event: z.literal("step-done"), step: z.string(), seconds: z.number() }),
  z.object({ event: z.literal("step-failed"), step: z.string(), seconds: z.number(), code: z.string() }),
  z.object({ event: z.literal("tool-started"), tool: z.string(), pid: z.number(), startedAt: z.string() }),
  z.object({ event: z.literal("tool-ended"), tool: z.string(), pid: z.number() }),
  z.object({
    event: z.literal("run-ended"),
    outcome: z.enum(["done", "failed", "interrupted"]),
    seconds: z.number(),
  }),
]);

export type JournalEvent = z.infer<typeof eventSchema>;
type RecordedEvent = JournalEvent & { time: string };

/** What happened in one run, as JSON lines. It informs people and later runs; no step decides by it. */
export interface Journal {
  readonly path: string;
  record(event: JournalEvent): void;
}

/** Starts the journal of a run in `<folder>/<time>-<command>.jsonl`. */
export function openJournal(folder: string, command: string, now: () => Date = () => new Date()): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const time = now().toISOString().replaceAll(":", "-");
  const path = join(folder, `${time}-${command}.jsonl`);
  return {
    path,
    // Synchronous: the last line before a kill -9 must be there.
    record: (event) =>
      appendFileSync(path, `${JSON.stringify({ time: now().toISOString(), ...event })}\n`, { mode: 0o600 }),
  };
}

export interface PastRun {
  path: string;
  events: RecordedEvent[];
  /** How it ended; "killed" if it never said so. */
  outcome: "done" | "failed" | "interrupted" | "killed";
}

/** The newest run whose journal lies in the folder, less the current one. */
export function readLastRun(folder: string, current?: Journal): PastRun | undefined {
  const paths = listJournals(folder).filter((path) => path !== current?.path);
  const path = paths.at(-1);
  if (path === undefined) return undefined;
  const events = readFileSync(path, "utf8").split("\n").flatMap(parseLine);
  const end = events.find((event) => event.event === "run-ended");
  return { path, events, outcome: end?.outcome ?? "killed" };
}

function listJournals(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Tolerates the torn last line of a run that was killed, and events of newer versions. */
function parseLine(line: string): RecordedEvent[] {
  try {
    const value: unknown = JSON.parse(line);
    return [{ ...eventSchema.parse(value), ...z.object({ time: z.string() }).parse(value) }];
  } catch {
    return [];
  }
}
