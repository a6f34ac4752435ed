import { defineStep, type Report } from "../../engine/step.ts";
import type { Reached } from "../cluster-reach.ts";
import { restoreDatabase } from "./restore.ts";

export interface DatabaseRestore extends Reached {
  /** Name of the copy. */
  readonly copy: string;
}

export const replaceDatabase = defineStep({
  id: "replace-database",
  title: "Put the copy in place of the hub's database",
  check: ({ copy }: DatabaseRestore) =>
    Promise.resolve({ change: `${copy}; the one that is there is copied first`, plan: undefined }),
  async run(restore: DatabaseRestore, _: undefined, report: Report) {
    await restoreDatabase(restore, await restore.cluster(), restore.copy, report);
  },
});
