import { formatDuration } from "./format-duration.ts";

/** Whoever waits for less needs no explanation. */
const worthSayingSeconds = 20;

export interface WaitOptions {
  /** Seconds that the step usually takes, if anybody knows. */
  usual: number | undefined;
  clock: () => number;
  everySeconds: number;
  /** It is time to show the wait again. */
  onTick: () => void;
  /** Is called once, when the step has taken twice as long as usual. */
  onOverdue: (text: string) => void;
}

/** A step that has started. */
export interface Wait {
  /** What it does right now, how long is normal, and how long it has taken: "6 of 66 (usually 9 min; 4 min 10 s so far)". */
  describe(doing: string): string;
  stop(): void;
}

export function startWait({ usual, clock, everySeconds, onTick, onOverdue }: WaitOptions): Wait {
  if (usual === undefined || usual < worthSayingSeconds) return { describe: (doing) => doing, stop: () => undefined };
  const started = clock();
  let isOverdue = false;
  const timer = setInterval(() => {
    if (!isOverdue && clock() - started > 2 * usual) {
      isOverdue = true;
      onOverdue(`takes more than twice as long as usual (${formatUsual(usual)})`);
    }
    onTick();
  }, everySeconds * 1000);
  // What is waited for keeps the process running, not the waiting.
  timer.unref();
  return {
    describe(doing) {
      const wait = `usually ${formatUsual(usual)}; ${formatDuration(clock() - started)} so far`;
      return doing === "" ? wait : `${doing} (${wait})`;
    },
    stop: () => clearInterval(timer),
  };
}

/** What is usual for a step: what earlier runs of this deployment took in the middle, else what the step says. */
export function usualSeconds(
  { id, usual }: { id: string; usual?: number },
  earlier: ReadonlyMap<string, readonly number[]> = new Map(),
): number | undefined {
  const times = [...(earlier.get(id) ?? [])].sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? usual;
}

/** No false precision. */
function formatUsual(seconds: number): string {
  return seconds < 100 ? `${Math.round(seconds / 10) * 10} s` : `${Math.round(seconds / 60)} min`;
}
