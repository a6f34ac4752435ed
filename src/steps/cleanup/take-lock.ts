import { defineStep } from "../../engine/step.ts";
import type { Installation } from "../installation.ts";

export const takeLock = defineStep<Installation, never>({
  id: "take-lock",
  title: "Take the run lock",
  async check(installation) {
    if (!(await installation.stateBucketReady())) return { done: "there is no state bucket" };
    await installation.takeRunLock();
    return { done: "this is the only run" };
  },
  run: () => Promise.resolve(),
});
