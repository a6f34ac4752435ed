import type { TimedRun } from "./run-timed.ts";

/** One line of the result: samples of something that has an upper bound. */
export interface Measurement {
  what: string;
  samples: readonly number[];
  bound: number;
  unit: "×" | "MB" | "s";
  /** What the samples were made of. */
  detail?: string;
}

interface Summary {
  min: number;
  median: number;
  max: number;
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (position: number) => sorted[position] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  return { min: at(0), median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, max: at(sorted.length - 1) };
}

/** Also false when nothing was measured. */
export function isWithinBound({ samples, bound }: Measurement): boolean {
  return summarize(samples).median <= bound;
}

interface Comparison {
  what: string;
  bound: number;
  pairs: number;
  measured: () => Promise<Pick<TimedRun, "seconds">>;
  against: () => Promise<Pick<TimedRun, "seconds">>;
}

/** Ratios of two things that are run in turns, so that what else the machine does falls on both. */
export async function compare({ what, bound, pairs, measured, against }: Comparison): Promise<Measurement> {
  const ours: number[] = [];
  const theirs: number[] = [];
  while (ours.length < pairs) {
    ours.push((await measured()).seconds);
    theirs.push((await against()).seconds);
  }
  const samples = ours.map((seconds, index) => seconds / (theirs[index] ?? NaN));
  const typical = (seconds: number[]) => `${summarize(seconds).median.toFixed(2)} s`;
  return { what, bound, unit: "×", samples, detail: `${typical(ours)} against ${typical(theirs)}` };
}

const heading = ["", "n", "min", "median", "max", "bound", "", "medians"];

/** The measurements as lines of text in columns. */
export function formatTable(measurements: readonly Measurement[]): string[] {
  const rows = measurements.map((measurement) => {
    const { what, samples, bound, unit, detail = "" } = measurement;
    const { min, median, max } = summarize(samples);
    const show = (value: number) =>
      unit === "×" ? `${value.toFixed(2)}×` : `${unit === "MB" ? Math.round(value) : value.toFixed(1)} ${unit}`;
    const verdict = isWithinBound(measurement) ? "✔" : "✖ missed";
    return [what, String(samples.length), show(min), show(median), show(max), `≤ ${show(bound)}`, verdict, detail];
  });
  const table = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
