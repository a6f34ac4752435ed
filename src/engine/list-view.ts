import type { ListrTask } from "listr2";
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from "listr2";
import { formatDuration } from "./format-duration.ts";
import { withHint, type RunView, type StepView, type ViewEntry, type ViewOptions } from "./run-view.ts";
import { startWait, type Wait } from "./waiting.ts";

/** listr2 asks whether standard output is a terminal; the list is drawn on standard error, which is known to be one. */
class StandardErrorRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** The part of a listr2 task that is used here. */
interface Drawn {
  title: string;
  output: string;
  skip(message: string): void;
}

/** A promise that is settled from outside. */
interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
  readonly shut: () => void;
}

interface ShownStep extends StepView {
  readonly task: ListrTask<unknown, typeof StandardErrorRenderer>;
  readonly isRunning: boolean;
  /** The run ends before this step's turn. */
  abandon(): void;
}

/** Draws the steps as a list. listr2 only draws: each of its tasks waits for what the runner says of its step. */
export function createListView(entries: readonly ViewEntry[][], options: ViewOptions): RunView {
  const { output } = options;
  const steps = new Map(entries.flat().map((entry) => [entry.id, createShownStep(entry, options)]));
  const stepOf = ({ id }: { id: string }): ShownStep => {
    const step = steps.get(id);
    if (step === undefined) throw new Error(`step ${id} is not in the list that is shown`);
    return step;
  };
  const gates = entries.map(createGate);
  let current = 0;
  const list = new Listr<unknown, typeof StandardErrorRenderer, typeof StandardErrorRenderer>(
    entries.flatMap((members, index) => [
      drawEntry(members.map(stepOf)),
      // Has no title, so it is not drawn. The list goes on when the runner does: after all members of the entry.
      { task: async () => gates[index]?.passed },
    ]),
    {
      renderer: StandardErrorRenderer,
      rendererOptions: {
        collapseErrors: false,
        showErrorMessage: false,
        logger: new ListrLogger({
          useIcons: true,
          toStderr: [],
          processOutput: new ProcessOutput(output.progressStream, output.progressStream),
        }),
      },
      fallbackRenderer: StandardErrorRenderer,
      // engine/interrupt.ts owns the signals; listr2 would end the process while tools still run.
      registerSignalListeners: false,
    },
  );
  const unshown: string[] = [];
  const release = output.divert((line) => {
    const running = [...steps.values()].find(({ isRunning }) => isRunning);
    if (running === undefined) unshown.push(line);
    else running.note(line);
  });
  // A shut gate fails the list; the runner has the real error.
  const drawn = list.run().catch(() => undefined);
  return {
    step: (id) => stepOf({ id }),
    goOn() {
      gates[current]?.open();
      current += 1;
    },
    async close() {
      for (const step of steps.values()) step.abandon();
      for (const gate of gates.slice(current)) gate.shut();
      await drawn;
      release();
      for (const line of unshown) output.note(line);
    },
  };
}

function drawEntry(members: readonly ShownStep[]): ShownStep["task"] {
  const [first, ...others] = members;
  if (first !== undefined && others.length === 0) return first.task;
  // Without a title the members stand in the list like all other steps.
  const tasks = members.map(({ task }) => task);
  return { task: (_, drawn) => drawn.newListr(tasks, { concurrent: true, exitOnError: false }) };
}

function createShownStep({ title, usual }: ViewEntry, { clock, whereToLook }: ViewOptions): ShownStep {
  const end = createGate();
  const notes: string[] = [];
  let heading = title;
  let state: "waiting" | "running" | "ended" = "waiting";
  let skipped: string | undefined;
  let drawn: Drawn | undefined;
  let doing = "";
  let wait: Wait | undefined;
  // The runner may be ahead of the list: what it says before listr2 has come to the task is kept.
  const draw = (): void => {
    if (drawn === undefined) return;
    drawn.title = heading;
    for (const note of notes.splice(0)) drawn.output = note;
  };
  const drawProgress = (): void => {
    const text = wait?.describe(doing) ?? doing;
    heading = text === "" ? title : `${title}: ${text}`;
    draw();
  };
  const note = (text: string): void => {
    notes.push(text);
    draw();
  };
  const finish = (text: string, settle: () => void): void => {
    wait?.stop();
    state = "ended";
    heading = text;
    draw();
    settle();
  };
  return {
    task: {
      title,
      rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
      // Whether a failure ends the list is the runner's business; it shuts the gates.
      exitOnError: false,
      task: async (_, task) => {
        drawn = task;
        draw();
        await end.passed;
        if (skipped !== undefined) task.skip(skipped);
      },
    },
    get isRunning() {
      return state === "running";
    },
    start() {
      state = "running";
      wait = startWait({
        usual,
        clock,
        everySeconds: 1,
        onTick: drawProgress,
        onOverdue: (text) => note(withHint(text, whereToLook)),
      });
    },
    progress(text) {
      doing = text;
      drawProgress();
    },
    note,
    skip(reason) {
      skipped = `${title}: ${reason}`;
      finish(title, end.open);
    },
    done: (seconds) => finish(`${title} (${formatDuration(seconds)})`, end.open),
    fail: (seconds) => finish(`${title} (${formatDuration(seconds)})`, end.shut),
    abandon() {
      if (state === "ended") return;
      skipped = `${title}: not started`;
      finish(title, end.open);
    },
  };
}

function createGate(): Gate {
  let open = (): void => undefined;
  let shut = (): void => undefined;
  const passed = new Promise<void>((resolve, reject) => {
    open = resolve;
    shut = () => reject(new Error("stopped"));
  });
  // A gate that the list never comes to is nobody's rejection.
  passed.catch(() => undefined);
  return { passed, open, shut };
}
