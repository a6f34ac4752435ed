import { formatDuration } from "../engine/format-duration.ts";
import type { TerraformEvent } from "./terraform-events.ts";
import { formatDiagnostic } from "./terraform-events.ts";

export interface TerraformProgress {
  take(event: TerraformEvent): void;
  /** "12/51 done, waiting for aws_eks_cluster.this (4 min 10 s) and 2 more"; empty while nothing is known. */
  describe(): string;
  /** The error diagnostics as text; empty when there were none. */
  failures(): string;
}

/** Turns Terraform's events into what an operator wants to know: how far, what for, how long. */
export function createProgress(total?: number, now: () => number = Date.now): TerraformProgress {
  const since = new Map<string, number>();
  const errors: string[] = [];
  let done = 0;
  let planned = 0;
  return {
    take(event) {
      switch (event.type) {
        case "planned_change":
          if (event.change.action !== "noop") planned += 1;
          break;
        case "apply_start":
          since.set(event.hook.resource.addr, timeOf(event) ?? now());
          break;
        case "apply_progress":
          since.set(event.hook.resource.addr, (timeOf(event) ?? now()) - event.hook.elapsed_seconds * 1000);
          break;
        case "apply_complete":
          done += 1;
          since.delete(event.hook.resource.addr);
          break;
        case "apply_errored":
          since.delete(event.hook.resource.addr);
          break;
        case "diagnostic":
          if (event.diagnostic.severity === "error") errors.push(formatDiagnostic(event.diagnostic));
          break;
        case "version":
        case "change_summary":
          break;
      }
    },
    describe() {
      const oldestFirst = [...since].sort(([, a], [, b]) => a - b);
      const [oldest, ...others] = oldestFirst;
      if (oldest === undefined) {
        if (done > 0) return progressOf(done, total);
        return planned > 0 ? `${planned} changes found` : "";
      }
      const seconds = Math.max(0, now() - oldest[1]) / 1000;
      const more = others.length === 0 ? "" : ` and ${others.length} more`;
      return `${progressOf(done, total)}, waiting for ${oldest[0]} (${formatDuration(seconds)})${more}`;
    },
    failures: () => errors.join("\n"),
  };
}

function progressOf(done: number, total: number | undefined): string {
  return total === undefined ? `${done} done` : `${done}/${total} done`;
}

function timeOf(event: TerraformEvent): number | undefined {
  const time = Date.parse(event["@timestamp"]);
  return Number.isNaN(time) ? undefined : time;
}
