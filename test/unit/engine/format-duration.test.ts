import { expect, it } from "vitest";
import { formatDuration } from "../../../src/engine/format-duration.ts";

it.each([
  [0.2, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [485, "8 min 05 s"],
  [3600, "1 h 00 min"],
  [7384, "2 h 03 min"],
])("formats %d seconds as %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
