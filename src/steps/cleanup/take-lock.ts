import { defineStep } from "../../engine/step.ts";
import type { Cleanup } from "./cleanup.ts";

export const takeLock = defineStep<Cleanup, never>({
  id: "take-lock",
  title: "Take the run lock",
  async check(cleanup) {
    if (!(await cleanup.stateBucketReady())) return { done: "there is no state bucket" };
    await cleanup.takeRunLock();
    return { done: "this is the only run" };
  },
  run: () => Promise.resolve(),
});
