import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openJournal, readLastRun } from "../../../src/engine/journal.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

const at = (time: string) => () => new Date(time);

describe("the journal", () => {
  it("keeps each event at once, for the owner only", () => {
    const journal = openJournal(join(temporaryFolder(), "journal"), "install", at("2026-11-21T08:00:00Z"));
    journal.record({ event: "step-started", step: "hub", attempt: 1 });
    journal.record({ event: "step-done", step: "hub", seconds: 2 });
    expect(
      readFileSync(journal.path, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { time: "2026-11-21T08:00:00.000Z", event: "step-started", step: "hub", attempt: 1 },
      { time: "2026-11-21T08:00:00.000Z", event: "step-done", step: "hub", seconds: 2 },
    ]);
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
  });

  it("tells how the last run ended, and calls one without an end killed", () => {
    const folder = temporaryFolder();
    const first = openJournal(folder, "install", at("2026-11-21T08:00:00Z"));
    first.record({ event: "run-ended", outcome: "failed", seconds: 3 });
    expect(readLastRun(folder)).toMatchObject({ path: first.path, outcome: "failed" });
    const second = openJournal(folder, "install", at("2026-11-21T09:00:00Z"));
    second.record({ event: "step-started", step: "hub", attempt: 1 });
    appendFileSync(second.path, '{"time":"2026-11-21T09:00:01Z","event":"step-do');
    expect(readLastRun(folder)).toMatchObject({ path: second.path, outcome: "killed", events: [{ step: "hub" }] });
    expect(readLastRun(folder, second)).toMatchObject({ path: first.path });
  });

  it("knows of no run where there is no folder", () => {
    expect(readLastRun(join(temporaryFolder(), "none"))).toBeUndefined();
  });
});
