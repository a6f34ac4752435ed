import type { Example } from "../example.ts";
import type { Measurement } from "./measurement.ts";
import { peakMemory, runTimed } from "./run-timed.ts";

/** Installs into the empty account, and measures the memory of hubctl's own process, without its tools. */
export async function measureInstall(example: Example, signal: AbortSignal): Promise<Measurement> {
  let peak = NaN;
  const watch = (pid: number) => (peak = peakMemory(pid) ?? peak);
  const { seconds } = await runTimed(example.install, { signal, watch });
  return {
    what: "peak memory of hubctl in an install",
    samples: [peak / 1e6],
    bound: 200,
    unit: "MB",
    detail: `the install took ${Math.round(seconds)} s`,
  };
}
