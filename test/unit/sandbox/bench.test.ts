import { describe, expect, test } from "vitest";
import {
  compare,
  formatTable,
  isWithinBound,
  summarize,
  type Measurement,
} from "../../../sandbox/bench/measurement.ts";
import { peakMemory, runTimed } from "../../../sandbox/bench/run-timed.ts";

const { signal } = new AbortController();

describe("summarize", () => {
  test("takes the middle one of an odd number of samples, whatever their order", () => {
    expect(summarize([9, 1, 10])).toEqual({ min: 1, median: 9, max: 10 });
  });

  test("takes the mean of the two middle ones of an even number", () => {
    expect(summarize([4, 1, 2, 30])).toEqual({ min: 1, median: 3, max: 30 });
  });
});

describe("isWithinBound", () => {
  const measurement = (samples: number[]): Measurement => ({ what: "x", samples, bound: 2, unit: "×" });

  test("looks at the median alone, and lets it reach the bound", () => {
    expect(isWithinBound(measurement([1, 2, 50]))).toBe(true);
    expect(isWithinBound(measurement([1, 2.01, 2.02]))).toBe(false);
  });

  test("misses the bound when nothing could be measured", () => {
    expect(isWithinBound(measurement([]))).toBe(false);
    expect(isWithinBound(measurement([NaN]))).toBe(false);
  });
});

test("compare runs the two in turns and takes the ratio of each pair", async () => {
  const order: string[] = [];
  const take = (name: string, times: number[]) => () => {
    order.push(name);
    return Promise.resolve({ seconds: times.shift() ?? NaN });
  };
  const measurement = await compare({
    what: "ours / theirs",
    bound: 1,
    pairs: 3,
    measured: take("ours", [1, 2, 30]),
    against: take("theirs", [2, 4, 10]),
  });
  expect(order).toEqual(["ours", "theirs", "ours", "theirs", "ours", "theirs"]);
  expect(measurement.samples).toEqual([0.5, 0.5, 3]);
  expect(measurement.detail).toBe("2.00 s against 4.00 s");
});

test("formatTable puts the measurements in columns and marks what is missed", () => {
  const lines = formatTable([
    { what: "cold start", samples: [1.5, 1.25, 2], bound: 2.5, unit: "×", detail: "0.15 s against 0.10 s" },
    { what: "memory", samples: [250.4], bound: 200, unit: "MB" },
  ]);
  expect(lines).toEqual([
    "            n  min     median  max     bound               medians",
    "cold start  3  1.25×   1.50×   2.00×   ≤ 2.50×   ✔         0.15 s against 0.10 s",
    "memory      1  250 MB  250 MB  250 MB  ≤ 200 MB  ✖ missed",
  ]);
});

describe("runTimed", () => {
  const node = (script: string) => ({ file: process.execPath, args: ["-e", script] });

  test("hands on input and output", async () => {
    const run = await runTimed({ ...node("process.stdin.pipe(process.stdout)"), input: "values" }, { signal });
    expect(run.stdout).toBe("values");
    expect(run.seconds).toBeGreaterThan(0);
  });

  test("fails with the command's own words", async () => {
    const failing = runTimed(node("console.error('no such chart'); process.exitCode = 3"), { signal });
    await expect(failing).rejects.toThrow(/ended with 3:\nno such chart/);
  });

  test("ends the command when it is interrupted", async () => {
    const interrupted = new AbortController();
    const endless = runTimed(node("setInterval(() => {}, 1000)"), {
      signal: interrupted.signal,
      watch: () => interrupted.abort(new Error("Ctrl-C")),
    });
    await expect(endless).rejects.toThrow("Ctrl-C");
  });
});

test.runIf(process.platform === "linux")("peakMemory reads what this process has used at most", () => {
  expect(peakMemory(process.pid)).toBeGreaterThan(10e6);
  expect(peakMemory(2 ** 30)).toBeUndefined();
});
