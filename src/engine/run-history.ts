import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { JournalEvent, RunOutcome } from "./journal.ts";

export interface StepRecord {
  id: string;
  started: string;
  attempts: number;
  /** Ids of the known failures that made it try again. */
  retriedFor: string[];
  /** "unfinished": the run ended, or was ended, while it ran. */
  outcome: "done" | "skipped" | "failed" | "unfinished";
  seconds?: number;
  /** Why it was skipped, or the words of its failure. */
  message?: string;
}

export interface RunRecord {
  /** "2026-11-21T08-15-03.123Z-install", as the journal's file is called. */
  id: string;
  command: string;
  version: string;
  host: string;
  user: string;
  started: string;
  /** "unfinished": the run was killed, or is still running. */
  outcome: RunOutcome | "unfinished";
  seconds?: number;
  message?: string;
  steps: StepRecord[];
}

const suffix = ".jsonl";

/** The runs whose journals lie in a folder, newest first; none if there is no such folder. */
export function readRuns(folder: string): RunRecord[] {
  return namesIn(folder)
    .map((name) => parseRun(name.slice(0, -suffix.length), readFileSync(join(folder, name), "utf8")))
    .filter((run) => run !== undefined);
}

/** How long each step took whenever it did something and ended well, newest first, in the latest runs of a folder. */
export function earlierStepSeconds(folder: string, latest = 20): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { steps } of readRuns(folder).slice(0, latest)) {
    for (const { id, outcome, seconds } of steps) {
      if (outcome === "done" && seconds !== undefined) times.set(id, [...(times.get(id) ?? []), seconds]);
    }
  }
  return times;
}

/** A journal's text; undefined when it does not even tell of a start. */
export function parseRun(id: string, text: string): RunRecord | undefined {
  const [first, ...events] = text.split("\n").flatMap(parseLine);
  if (first?.event !== "run-started") return undefined;
  const { command, version, host, user, time } = first;
  const steps = new Map<string, StepRecord>();
  const run: RunRecord = { id, command, version, host, user, started: time, outcome: "unfinished", steps: [] };
  for (const event of events) {
    if ("step" in event) {
      const step = steps.get(event.step) ?? newStep(event);
      steps.set(event.step, step);
      applyToStep(step, event);
    } else if (event.event === "run-ended") {
      Object.assign(run, withoutUndefined({ outcome: event.outcome, seconds: event.seconds, message: event.message }));
    }
  }
  run.steps = [...steps.values()];
  return run;
}

type Recorded<Event = JournalEvent> = Event & { time: string };
type StepEvent = Recorded<Extract<JournalEvent, { step: string }>>;

function newStep({ step, time }: StepEvent): StepRecord {
  return { id: step, started: time, attempts: 0, retriedFor: [], outcome: "unfinished" };
}

function applyToStep(step: StepRecord, event: StepEvent): void {
  switch (event.event) {
    case "step-started":
      step.attempts = event.attempt;
      return;
    case "step-retried":
      step.retriedFor.push(event.failure);
      return;
    case "step-skipped":
      Object.assign(step, { outcome: "skipped", message: event.reason });
      return;
    case "step-done":
      Object.assign(step, { outcome: "done", seconds: event.seconds });
      return;
    case "step-failed":
      Object.assign(step, { outcome: "failed", seconds: event.seconds, message: event.message ?? event.code });
  }
}

const recorded = { time: z.string() };
const ofStep = { ...recorded, step: z.string() };
const number = z.number();
const eventSchema: z.ZodType<Recorded> = z.discriminatedUnion("event", [
  z.object({
    ...recorded,
    event: z.literal("run-started"),
    command: z.string(),
    version: z.string(),
    pid: number,
    host: z.string(),
    user: z.string().default("?"),
  }),
  z.object({ ...ofStep, event: z.literal("step-started"), attempt: number }),
  z.object({ ...ofStep, event: z.literal("step-skipped"), reason: z.string() }),
  z.object({ ...ofStep, event: z.literal("step-retried"), attempt: number, failure: z.string() }),
  z.object({ ...ofStep, event: z.literal("step-done"), seconds: number }),
  z.object({
    ...ofStep,
    event: z.literal("step-failed"),
    seconds: number,
    code: z.string(),
    message: z.string().exactOptional(),
  }),
  z.object({
    ...recorded,
    event: z.literal("run-ended"),
    outcome: z.enum(["done", "failed", "interrupted"]),
    seconds: number,
    message: z.string().exactOptional(),
  }),
]);

/** Nothing for what is not known here: what an other version of hubctl records, or a line that a kill cut off. */
function parseLine(line: string): Recorded[] {
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .sort()
      .reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function withoutUndefined<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}
