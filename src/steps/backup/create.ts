import { startHomeBackup } from "../../aws/home-backups.ts";
import { defineStep, type Report } from "../../engine/step.ts";
import { canBeCopied } from "../../releases/hub-database.ts";
import type { Reached } from "../cluster-reach.ts";
import { copyDatabase } from "../database/copies.ts";
import { requireBackupPlace, storageTags } from "./backup-place.ts";

/** What `hubctl backup create` makes, and what came of it. */
export interface BackupRun extends Reached {
  made: { databaseCopy?: string; homesJob?: string };
}

export const copyDatabaseNow = defineStep<BackupRun, undefined>({
  id: "copy-database-now",
  title: "Copy the hub's database to the file system",
  check: ({ config }) =>
    Promise.resolve(
      canBeCopied(config)
        ? { change: "while the hub goes on", plan: undefined }
        : { done: "the hub's database is one that hubctl can't copy" },
    ),
  async run(run: BackupRun, _: undefined, report: Report) {
    run.made.databaseCopy = await copyDatabase(run, await run.cluster(), report);
  },
});

export const backUpHomes = defineStep({
  id: "back-up-homes",
  title: "Begin a backup of homes and shared folders",
  async check(run: BackupRun) {
    const { vault } = await requireBackupPlace(run);
    return { change: `in the vault ${vault}`, plan: undefined };
  },
  async run(run: BackupRun) {
    const place = await requireBackupPlace(run);
    const { keepDays } = run.config.storage.backups;
    run.made.homesJob = await startHomeBackup(run.aws, place, { keepDays, tags: await storageTags(run) });
  },
});
