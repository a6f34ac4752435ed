import { getCaller } from "../aws/caller.ts";
import { listFormerCopies } from "../aws/former-copy.ts";
import { listRecoveryPoints, vaultName, type RecoveryPoint } from "../aws/home-backups.ts";
import { readLock } from "../config/lock-file.ts";
import { HubctlError } from "../errors.ts";
import { canBeCopied } from "../releases/hub-database.ts";
import { withCluster } from "../steps/cluster-reach.ts";
import { listCopies, type DatabaseCopy } from "../steps/database/copies.ts";
import type { Installation } from "../steps/installation.ts";
import { findPause } from "../steps/paused.ts";
import { createOutput } from "../ui/output.ts";
import { describeBackups } from "./backup-screens.ts";
import { refuseNotInstalled } from "./refuse-not-installed.ts";
import { inSession, type SessionOptions } from "./session.ts";

export interface BackupListOptions extends SessionOptions {
  json: boolean;
}

/** A configuration that was installed, as the state bucket keeps it. */
interface ConfigCopy {
  saved: string;
  by: string;
  hubctl: string;
}

/** Each part as it is, or why it could not be seen. */
export interface Backups {
  database: DatabaseCopy[] | { unknown: string };
  homes: RecoveryPoint[] | { unknown: string };
  configurations: ConfigCopy[];
}

export async function backupList(options: BackupListOptions): Promise<void> {
  const output = createOutput({ json: options.json });
  await inSession("backup-list", { ...options, needsSecrets: false, needsCertificate: false }, async (session) => {
    const { installation } = session;
    const { deployment } = installation;
    refuseNotInstalled(deployment);
    const endStatus = output.showStatus("looking for copies and recovery points …");
    const backups = await findBackups(installation).finally(endStatus);
    output.result(describeBackups(deployment.name, backups, new Date()).join("\n"), backups);
  });
}

async function findBackups(installation: Installation): Promise<Backups> {
  const { aws, config, deployment } = installation;
  const { account } = await getCaller(aws, config.aws);
  const id = readLock(deployment.lockFile)?.id ?? "";
  const [database, points, configurations] = await Promise.all([
    findDatabaseCopies(installation),
    listRecoveryPoints(aws, vaultName(config.name, id)),
    listConfigurations(installation, { account, id }),
  ]);
  return { database, homes: points ?? { unknown: "there is no vault yet" }, configurations };
}

/** Only a pod can see them. */
async function findDatabaseCopies(installation: Installation): Promise<Backups["database"]> {
  if (!canBeCopied(installation.config)) return { unknown: "the hub's database is one that hubctl can't copy" };
  if (await findPause(installation)) return { unknown: "the deployment is paused, so there is no node to look from" };
  try {
    return await listCopies(installation, await withCluster(installation).cluster());
  } catch (error) {
    if (!(error instanceof HubctlError) || installation.signal.aborted) throw error;
    return { unknown: error.message };
  }
}

async function listConfigurations(
  { aws, config }: Installation,
  { account, id }: { account: string; id: string },
): Promise<ConfigCopy[]> {
  const copies: ConfigCopy[] = [];
  for await (const { saved, by, hubctl } of listFormerCopies(aws, { account, deployment: config.name, id })) {
    copies.push({ saved, by, hubctl });
  }
  return copies;
}
