import { formatDuration } from "./format-duration.ts";
import type { Output } from "../ui/output.ts";
import { turnsOf, type Report, type StepList } from "./step.ts";

/** What the runner tells of one step. */
export interface StepView extends Report {
  start(): void;
  done(seconds: number): void;
  skip(reason: string): void;
  fail(seconds: number): void;
}

/** Shows a run; the order is the runner's business. */
export interface RunView {
  step(id: string): StepView;
  /** All members of the current entry have ended well. */
  goOn(): void;
  /** The run has ended, or will start nothing more. */
  close(): Promise<void>;
}

export interface ViewEntry {
  id: string;
  title: string;
}

/** A list on a terminal, plain lines elsewhere. */
export async function createView<Context>(
  list: StepList<Context>,
  output: Output,
  clock: () => number,
): Promise<RunView> {
  const entries: ViewEntry[][] = turnsOf(list).map((members) => [...members]);
  if (!output.isTerminal) return createPlainView(entries, output, clock);
  const { createListView } = await import("./list-view.ts");
  return createListView(entries, output);
}

const progressEverySeconds = 30;

/** One line per event, with few enough progress lines that a log of a build server stays readable. */
function createPlainView(entries: readonly ViewEntry[][], output: Output, clock: () => number): RunView {
  const titles = new Map(entries.flat().map(({ id, title }) => [id, title]));
  return {
    step(id) {
      const title = titles.get(id) ?? id;
      let lastProgress = Number.NEGATIVE_INFINITY;
      return {
        // Only a step that says something before it ends needs a line for its start.
        start: () => undefined,
        progress(text) {
          if (text === "" || clock() - lastProgress < progressEverySeconds) return;
          lastProgress = clock();
          output.note(`… ${title}: ${text}`);
        },
        note: (text) => output.note(`  ${title}: ${text}`),
        done: (seconds) => output.note(`${output.style("green", "✔")} ${title} (${formatDuration(seconds)})`),
        skip: (reason) => output.note(`${output.style("dim", "-")} ${title}: ${reason}`),
        fail: (seconds) => output.note(`${output.style("red", "✖")} ${title} (${formatDuration(seconds)})`),
      };
    },
    goOn: () => undefined,
    close: () => Promise.resolve(),
  };
}
