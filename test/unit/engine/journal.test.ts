import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openJournal } from "../../../src/engine/journal.ts";
import { temporaryFolder } from "../../helpers/tools.ts";

it("keeps each event at once, for the owner only", () => {
  const journal = openJournal(join(temporaryFolder(), "journal"), "install", {
    now: () => new Date("2026-11-21T08:00:00Z"),
  });
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
