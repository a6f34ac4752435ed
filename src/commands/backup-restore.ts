import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { readCopiedFiles, type CopyManifest } from "../aws/config-copy.ts";
import { listFormerCopies } from "../aws/former-copy.ts";
import { isComplete, listRecoveryPoints, vaultName, type RecoveryPoint } from "../aws/home-backups.ts";
import { formatDuration } from "../engine/format-duration.ts";
import { checkSteps, runSteps } from "../engine/run-steps.ts";
import { turnsOf, type StepList } from "../engine/step.ts";
import { UserError } from "../errors.ts";
import { hub } from "../releases/hub.ts";
import type { HomeRestore } from "../steps/backup/restore-home.ts";
import { withCluster } from "../steps/cluster-reach.ts";
import { chooseCopy } from "../steps/database/restore.ts";
import type { DatabaseRestore } from "../steps/database/restore-step.ts";
import { restoreDatabaseSteps, restoreHomeSteps } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { refuseWhilePaused } from "../steps/paused.ts";
import { metadataCommand, parseMetadata } from "../tools/helm.ts";
import { confirmOrAbort } from "../ui/prompts.ts";
import { runOptionsOf } from "./apply-configuration.ts";
import { refusePathsOutside } from "./init.ts";
import { quoteWord } from "./quote-word.ts";
import { refuseNotInstalled } from "./refuse-not-installed.ts";
import { inSession, type Session, type SessionOptions } from "./session.ts";

export interface BackupRestoreOptions extends SessionOptions {
  yes: boolean;
  /** Name of a copy, or true for the newest. */
  database?: string | true;
  /** A user's name. */
  home?: string;
  config?: boolean;
  /** With `home` and `config`: what one wants was made then, or is called so. */
  from?: string;
  /** With `config`: the folder to write to. */
  out?: string;
}

/** Takes one thing back: the hub's database, one user's home, or the configuration. */
export async function backupRestore(options: BackupRestoreOptions): Promise<void> {
  refuseMisfits(options);
  const little = { ...options, needsSecrets: false, needsCertificate: false };
  await inSession("backup-restore", little, async (session) => {
    refuseNotInstalled(session.installation.deployment);
    if (options.database !== undefined) await restoreDatabase(session, options, options.database);
    else if (options.home !== undefined) await restoreOneHome(session, options, options.home);
    else await restoreConfig(session, options, options.out ?? "");
  });
}

function refuseMisfits({ database, home, config, from, out }: BackupRestoreOptions): void {
  const chosen = [database !== undefined, home !== undefined, config === true].filter(Boolean).length;
  if (chosen !== 1) {
    throw new UserError("RestoreWhat", "what shall be restored?", {
      hint: "one of --database [COPY], --home USER, or --config --out FOLDER; hubctl backup list shows what there is",
    });
  }
  if (database !== undefined && from !== undefined) {
    throw new UserError("OptionsMisfit", "--from has no meaning with --database", {
      hint: "name the copy: --database COPY, as hubctl backup list shows it",
    });
  }
  if (config === true && out === undefined) {
    throw new UserError("OutMissing", "where shall the configuration be written?", {
      hint: "say it with --out FOLDER, a new or empty folder: what is here is not overwritten",
    });
  }
}

async function restoreDatabase(session: Session, options: BackupRestoreOptions, wanted: string | true): Promise<void> {
  const { installation, output } = session;
  const { name } = installation.deployment;
  await refuseWhilePaused(installation);
  const reached = withCluster(installation);
  const target = await reached.cluster();
  const place = { ...target, release: hub.name, namespace: hub.namespace };
  const { version } = parseMetadata((await installation.exec(metadataCommand(place))).stdout);
  const copy = await chooseCopy(reached, target, wanted === true ? undefined : wanted, version);
  const restore: DatabaseRestore = Object.assign(reached, { copy });
  const { seconds } = await runRestore(session, options, {
    steps: restoreDatabaseSteps,
    context: restore,
    intent: [
      "Users, groups, tokens and what else the hub keeps of them become what they were then. Homes stay as they are.",
      "The hub is closed for about a minute, and all servers are stopped.",
    ],
    resume: `hubctl backup restore --deployment ${name} --database ${copy}`,
  });
  output.result(
    `The hub has the database of ${copy}, after ${formatDuration(seconds)}; the one before is among the copies now`,
  );
}

async function restoreOneHome(session: Session, options: BackupRestoreOptions, user: string): Promise<void> {
  const { installation, output } = session;
  const { name } = installation.deployment;
  await refuseWhilePaused(installation);
  const point = await choosePoint(installation, options.from);
  const restore: HomeRestore = Object.assign(withCluster(installation), { user, point });
  const { seconds } = await runRestore(session, options, {
    steps: restoreHomeSteps,
    context: restore,
    intent: [
      "What is in the home stays: what comes back goes into a folder of its own there, unless the home is empty.",
    ],
    resume: `hubctl backup restore --deployment ${name} --home ${quoteWord(user)} --from ${point.arn}`,
  });
  const { folder = "", files = 0 } = restore.restored ?? {};
  const where = folder === "" ? `${user}'s home` : `the folder ${folder} of ${user}'s home`;
  output.result(`${files} files of ${point.made} are in ${where}, after ${formatDuration(seconds)}`);
}

/** The newest complete one; of a day or a moment, if that is said. */
async function choosePoint(installation: Installation, from: string | undefined): Promise<RecoveryPoint> {
  const { aws, config, deployment } = installation;
  const { lock } = await installation.lock();
  const points = (await listRecoveryPoints(aws, vaultName(config.name, lock.id))) ?? [];
  const complete = points.filter(isComplete);
  const found = complete.find(({ arn, made }) => from === undefined || arn === from || made.startsWith(from));
  if (found) return found;
  throw new UserError(
    "PointNotFound",
    from === undefined
      ? "there is no complete recovery point of the homes yet"
      : `no complete recovery point is of ${from}`,
    {
      hint: `hubctl backup list --deployment ${deployment.name} shows what there is; times are in UTC: --from 2026-11-21`,
    },
  );
}

interface RestoreRun<Context> {
  steps: StepList<Context>;
  context: Context;
  intent: readonly string[];
  resume: string;
}

async function runRestore<Context>(
  session: Session,
  { yes }: BackupRestoreOptions,
  { steps, context, intent, resume }: RestoreRun<Context>,
): Promise<{ seconds: number }> {
  const { output } = session;
  const runOptions = runOptionsOf(session, resume);
  const checked = await checkSteps(steps, context, runOptions);
  output.note(output.style("bold", "What will be done:"));
  for (const { id, title } of turnsOf(steps).flat()) {
    const found = checked.get(id);
    if (found && "change" in found) output.note(`  • ${title}: ${found.change}`);
  }
  for (const line of intent) output.note(line);
  if (!yes) {
    await confirmOrAbort(output, { message: "Go on?", flag: "--yes", declined: "declined; nothing was touched" });
  }
  return runSteps(steps, checked, context, runOptions);
}

async function restoreConfig(
  { installation, output }: Session,
  { from }: BackupRestoreOptions,
  out: string,
): Promise<void> {
  const { aws, config } = installation;
  const { account } = await installation.caller();
  const { lock } = await installation.lock();
  const place = { account, deployment: config.name };
  const manifest = await chooseConfiguration(installation, { ...place, id: lock.id }, from);
  refusePathsOutside(manifest);
  const folder = resolve(out);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UserError("FolderNotEmpty", `${folder} is not empty`, { hint: "name a new or empty folder with --out" });
  }
  for (const [path, text] of await readCopiedFiles(aws, place, manifest)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
    output.note(`wrote ${file}`);
  }
  output.result(
    `The configuration of ${manifest.saved}, installed by ${manifest.by}, is in ${folder}; nothing else was changed`,
  );
}

async function chooseConfiguration(
  { aws, deployment }: Installation,
  place: { account: string; deployment: string; id: string },
  from: string | undefined,
): Promise<CopyManifest> {
  for await (const manifest of listFormerCopies(aws, place)) {
    if (from === undefined || manifest.saved.startsWith(from)) return manifest;
  }
  throw new UserError(
    "CopyNotFound",
    `the state bucket holds no configuration${from === undefined ? "" : ` of ${from}`}`,
    {
      hint: `hubctl backup list --deployment ${deployment.name} shows what there is; times are in UTC: --from 2026-11-21`,
    },
  );
}
