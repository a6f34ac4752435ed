import { formatDuration } from "../engine/format-duration.ts";
import type { RunRecord, StepRecord } from "../engine/run-history.ts";
import type { Output } from "../ui/output.ts";
import { formatTable } from "../ui/table.ts";

/** One line for each run, the newest first. */
export function describeRuns(deployment: string, runs: readonly RunRecord[], more: number): string {
  if (runs.length === 0) return `there is no run of ${deployment} yet`;
  const rows = runs.map((run) => [
    run.id,
    run.command,
    run.outcome,
    run.seconds === undefined ? "" : formatDuration(run.seconds),
    `${run.user}@${run.host}`,
  ]);
  const lines = formatTable([["RUN", "COMMAND", "OUTCOME", "TIME", "BY"], ...rows]);
  const rest = more > 0 ? [`… and ${more} older ones`] : [];
  return [...lines, ...rest, `hubctl logs --deployment ${deployment} RUN tells its steps`].join("\n");
}

/** A run and its steps, with the words of what failed. */
export function describeRun(run: RunRecord, output: Pick<Output, "style">): string {
  const time = run.seconds === undefined ? "" : ` after ${formatDuration(run.seconds)}`;
  const outcome = run.outcome === "unfinished" ? "no end is known: killed, or still running" : `${run.outcome}${time}`;
  const rows = run.steps.map((step) => [
    step.started.slice(11, 19),
    step.outcome,
    step.seconds === undefined ? "" : formatDuration(step.seconds),
    step.attempts > 1 ? `${step.id} (${step.attempts} attempts${reasons(step)})` : step.id,
  ]);
  const width = formatTable(rows);
  return [
    output.style("bold", `hubctl ${run.command} by ${run.user}@${run.host}, ${run.started}: ${outcome}`),
    ...run.steps.flatMap((step, index) => [
      `  ${width[index] ?? ""}`,
      ...indent(step.outcome === "failed" ? step.message : undefined),
    ]),
    ...(run.message === undefined ? [] : [`✖ ${run.message}`]),
    output.style("dim", `hubctl ${run.version}, times are UTC`),
  ].join("\n");
}

function reasons({ retriedFor }: StepRecord): string {
  const counted = [...new Set(retriedFor)];
  return counted.length === 0 ? "" : `: ${counted.join(", ")}`;
}

function indent(text: string | undefined): string[] {
  return text === undefined ? [] : text.split("\n").map((line) => `      ${line}`);
}
