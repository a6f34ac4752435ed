import type { Command } from "commander";
import type { BackupRestoreOptions } from "./commands/backup-restore.ts";
import type { SessionOptions } from "./commands/session.ts";

interface Shared {
  deployment?: string;
  set?: string[];
  debug?: boolean;
  version: string;
}

type LockFlags = Pick<SessionOptions, "wait" | "takeLock">;

const backupHelp = `
The hub's database (accounts) is copied every 6 hours and before each upgrade of the hub, homes and shared folders daily
by AWS Backup (storage.backups), the configuration with every install and update. docs/backup.md tells more.`;

const pauseHelp = `
Who works finds a notice among their files, and has the minutes of --warn to save what they have. Nothing is deleted:
homes, accounts, load balancer, DNS and certificate stay. hubctl resume brings the hub back.`;

/** The commands about backups and pauses; `shared` gives the program's own options. */
export function registerBackups(program: Command, shared: () => Shared): void {
  const backup = program
    .command("backup")
    .description("copies of accounts, homes and configuration: make one, list them, go back to one")
    .addHelpText("after", backupHelp);
  withLock(backup.command("create"))
    .description("copy the hub's database, and begin a backup of the homes, now")
    .option("--json", "print the outcome for programs", false)
    .action(async (options: LockFlags & { json: boolean }) => {
      const { backupCreate } = await import("./commands/backup-create.ts");
      await backupCreate({ ...shared(), ...options });
    });
  backup
    .command("list")
    .description("list what there is to go back to")
    .option("--json", "print it for programs", false)
    .action(async (options: { json: boolean }) => {
      const { backupList } = await import("./commands/backup-list.ts");
      await backupList({ ...shared(), ...options });
    });
  withLock(backup.command("restore"))
    .description("go back to one: of the hub's database, of one user's home, or of the configuration")
    .option("--database [copy]", "the hub's database: this copy, or the newest one")
    .option("--home <user>", "one user's home, into a folder of its own there")
    .option("--config", "the configuration, into a folder")
    .option("--from <time>", "with --home and --config: of this day or moment, as 2026-11-21 (UTC)")
    .option("--out <folder>", "with --config: a new or empty folder")
    .option("-y, --yes", "do not ask for confirmation", false)
    .action(async (options: Omit<BackupRestoreOptions, "version">) => {
      const { backupRestore } = await import("./commands/backup-restore.ts");
      await backupRestore({ ...shared(), ...options });
    });

  withLock(program.command("pause"))
    .description("stop users' servers, the hub and all nodes; data, DNS and certificate stay")
    .option("--warn <minutes>", "how long those who work are given; 0: they are not told", "10")
    .option("-y, --yes", "do not ask for confirmation", false)
    .addHelpText("after", pauseHelp)
    .action(async (options: LockFlags & { warn: string; yes: boolean }) => {
      const { pause } = await import("./commands/pause.ts");
      await pause({ ...shared(), ...options });
    });
  withLock(program.command("resume"))
    .description("bring back what was paused: same homes, same accounts")
    .action(async (options: LockFlags) => {
      const { resume } = await import("./commands/pause.ts");
      await resume({ ...shared(), ...options });
    });
}

function withLock(command: Command): Command {
  return command
    .option("--wait", "wait while somebody else works on the deployment")
    .option("--take-lock", "take over the run lock of a run that gives no sign of life");
}
