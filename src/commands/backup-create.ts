import { checkSteps, runSteps } from "../engine/run-steps.ts";
import type { BackupRun } from "../steps/backup/create.ts";
import { withCluster } from "../steps/cluster-reach.ts";
import { backupSteps } from "../steps/index.ts";
import { refuseWhilePaused } from "../steps/paused.ts";
import { runOptionsOf } from "./apply-configuration.ts";
import { refuseNotInstalled } from "./refuse-not-installed.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface BackupCreateOptions extends SessionOptions {
  json: boolean;
}

/** Copies the hub's database and begins a backup of the homes; users go on working. */
export async function backupCreate(options: BackupCreateOptions): Promise<void> {
  const little = { ...options, needsSecrets: false, needsCertificate: false };
  await inSession("backup-create", little, async (session) => {
    const { installation, output } = session;
    const { name } = installation.deployment;
    refuseNotInstalled(installation.deployment);
    await refuseWhilePaused(installation);
    const run: BackupRun = Object.assign(withCluster(installation), { made: {} });
    const runOptions = runOptionsOf(session, `hubctl backup create --deployment ${name}`);
    await runSteps(backupSteps, await checkSteps(backupSteps, run, runOptions), run, runOptions);
    const { databaseCopy, homesJob } = run.made;
    const text = [
      databaseCopy === undefined
        ? "The hub's database was not copied: it is one that hubctl can't copy"
        : `The hub's database is copied: ${databaseCopy}`,
      `AWS Backup is at the homes (job ${homesJob ?? "?"}); hubctl backup list --deployment ${name} shows when it is done`,
      "The configuration is kept in the state bucket with every install and update",
    ];
    output.result(text.join("\n"), run.made);
  });
}
