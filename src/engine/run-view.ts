import { formatDuration } from "./format-duration.ts";
import type { Output } from "../ui/output.ts";
import { turnsOf, type Report, type StepList } from "./step.ts";
import { startWait, usualSeconds, type Wait } from "./waiting.ts";

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
  /** Seconds. */
  usual: number | undefined;
}

export interface ViewOptions {
  output: Output;
  clock: () => number;
  /** What a step is called, if not by its own title. */
  titleOf?: (step: Pick<ViewEntry, "id" | "title">) => string;
  /** What steps took in earlier runs of this deployment, by step id. */
  earlier?: ReadonlyMap<string, readonly number[]>;
  /** Where somebody looks who thinks that a step takes too long, as a sentence. */
  whereToLook?: string;
}

/** A list on a terminal, plain lines elsewhere. */
export async function createView<Context>(list: StepList<Context>, options: ViewOptions): Promise<RunView> {
  const entries = turnsOf(list).map((members) =>
    members.map((step): ViewEntry => ({
      id: step.id,
      title: options.titleOf?.(step) ?? step.title,
      usual: usualSeconds(step, options.earlier),
    })),
  );
  if (!options.output.isTerminal) return createPlainView(entries, options);
  const { createListView } = await import("./list-view.ts");
  return createListView(entries, options);
}

const progressEverySeconds = 30;
const lookEverySeconds = 5;

/** One line per event, with few enough progress lines that a log of a build server stays readable. */
function createPlainView(entries: readonly ViewEntry[][], options: ViewOptions): RunView {
  const known = new Map(entries.flat().map((entry) => [entry.id, entry]));
  return {
    step: (id) => createPlainStep(known.get(id) ?? { id, title: id, usual: undefined }, options),
    goOn: () => undefined,
    close: () => Promise.resolve(),
  };
}

function createPlainStep({ title, usual }: ViewEntry, { output, clock, whereToLook }: ViewOptions): StepView {
  let wait: Wait | undefined;
  let doing = "";
  let lastLine = 0;
  const say = (): void => {
    lastLine = clock();
    output.note(`… ${title}: ${wait?.describe(doing) ?? doing}`);
  };
  const isTime = (): boolean => clock() - lastLine >= progressEverySeconds;
  const note = (text: string): void => output.note(`  ${title}: ${text}`);
  const end = (mark: string, text: string): void => {
    wait?.stop();
    output.note(`${mark} ${title}${text}`);
  };
  return {
    // Only a step that says something before it ends, or takes long, needs a line for its start.
    start() {
      lastLine = clock();
      wait = startWait({
        usual,
        clock,
        everySeconds: lookEverySeconds,
        onTick: () => {
          if (isTime()) say();
        },
        onOverdue: (text) => note(withHint(text, whereToLook)),
      });
    },
    progress(text) {
      const isFirst = doing === "";
      doing = text;
      if (text !== "" && (isFirst || isTime())) say();
    },
    note,
    done: (seconds) => end(output.style("green", "✔"), ` (${formatDuration(seconds)})`),
    skip: (reason) => end(output.style("dim", "-"), `: ${reason}`),
    fail: (seconds) => end(output.style("red", "✖"), ` (${formatDuration(seconds)})`),
  };
}

export function withHint(text: string, hint: string | undefined): string {
  return hint === undefined ? text : `${text}; ${hint}`;
}
