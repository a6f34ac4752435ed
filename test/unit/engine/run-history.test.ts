import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openJournal, type JournalEvent } from "../../../src/engine/journal.ts";
import { earlierStepSeconds, readRuns } from "../../../src/engine/run-history.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const started: JournalEvent = {
  event: "run-started",
  command: "install",
  version: "0.1.0",
  pid: 1,
  host: "laptop",
  user: "ada",
};

function runAt(folder: string, time: string, events: JournalEvent[]) {
  const journal = openJournal(folder, "install", { now: () => new Date(time) });
  for (const event of [started, ...events]) journal.record(event);
  return journal;
}

it("tells of a run's steps: attempts, why they were repeated or skipped, times, and a failure's words", () => {
  const folder = temporaryFolder();
  runAt(folder, "2026-11-21T08:00:00Z", [
    { event: "step-skipped", step: "check-tools", reason: "all there" },
    { event: "step-started", step: "cluster-stack", attempt: 1 },
    { event: "step-retried", step: "cluster-stack", attempt: 1, failure: "throttled" },
    { event: "step-started", step: "cluster-stack", attempt: 2 },
    { event: "step-done", step: "cluster-stack", seconds: 700 },
    { event: "step-started", step: "hub", attempt: 1 },
    { event: "step-failed", step: "hub", seconds: 3, code: "HelmFailed", message: "helm upgrade failed" },
    { event: "run-ended", outcome: "failed", seconds: 710, message: "helm upgrade failed" },
  ]);
  const time = "2026-11-21T08:00:00.000Z";
  expect(readRuns(folder)).toEqual([
    {
      id: "2026-11-21T08-00-00.000Z-install",
      command: "install",
      version: "0.1.0",
      host: "laptop",
      user: "ada",
      started: time,
      outcome: "failed",
      seconds: 710,
      message: "helm upgrade failed",
      steps: [
        { id: "check-tools", started: time, attempts: 0, retriedFor: [], outcome: "skipped", message: "all there" },
        {
          id: "cluster-stack",
          started: time,
          attempts: 2,
          retriedFor: ["throttled"],
          outcome: "done",
          seconds: 700,
        },
        {
          id: "hub",
          started: time,
          attempts: 1,
          retriedFor: [],
          outcome: "failed",
          seconds: 3,
          message: "helm upgrade failed",
        },
      ],
    },
  ]);
});

it("calls a run without an end unfinished, and minds no line that a kill cut off or that is new to it", () => {
  const folder = temporaryFolder();
  const journal = runAt(folder, "2026-11-21T08:00:00Z", [{ event: "step-started", step: "hub", attempt: 1 }]);
  appendFileSync(journal.path, '{"event":"unheard-of"}\n{"time":"2026-11-21T08:00:0');
  expect(readRuns(folder)).toMatchObject([{ outcome: "unfinished", steps: [{ id: "hub", outcome: "unfinished" }] }]);
});

it("gives the newest runs first, and leaves out what is no journal", () => {
  const folder = temporaryFolder();
  runAt(folder, "2026-11-21T08:00:00Z", []);
  runAt(folder, "2026-11-22T08:00:00Z", []);
  appendFileSync(join(folder, "2026-11-23-install.jsonl"), "");
  appendFileSync(join(folder, "notes.txt"), "mine");
  expect(readRuns(folder).map(({ id }) => id)).toEqual([
    "2026-11-22T08-00-00.000Z-install",
    "2026-11-21T08-00-00.000Z-install",
  ]);
  expect(readRuns(join(folder, "none"))).toEqual([]);
});

it("collects how long steps took that ended well, of the latest runs only", () => {
  const folder = temporaryFolder();
  const took = (seconds: number): JournalEvent => ({ event: "step-done", step: "hub", seconds });
  runAt(folder, "2026-11-20T08:00:00Z", [took(99)]);
  runAt(folder, "2026-11-21T08:00:00Z", [took(10), { event: "step-failed", step: "platform", seconds: 5, code: "X" }]);
  runAt(folder, "2026-11-22T08:00:00Z", [took(20)]);
  expect(earlierStepSeconds(folder, 2)).toEqual(new Map([["hub", [20, 10]]]));
});
