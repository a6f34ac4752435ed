import { defineStep, type Report } from "../../engine/step.ts";
import { ToolError } from "../../errors.ts";
import { CommandError } from "../../tools/exec.ts";
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
    try {
      await restoreDatabase(restore, await restore.cluster(), restore.copy, report);
    } catch (cause) {
      // What kubectl says may pass, and is looked up by who runs the step.
      if (!(cause instanceof ToolError) || cause instanceof CommandError) throw cause;
      const { name } = restore.deployment;
      throw new ToolError("DatabaseNotReplaced", `the hub's database was not replaced: ${cause.message}`, {
        cause,
        hint: `the hub is closed: restore another copy (hubctl backup list --deployment ${name}), or open it as it was: hubctl update --deployment ${name}`,
      });
    }
  },
});
