import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupClient, ListBackupPlansCommand, ListBackupVaultsCommand } from "@aws-sdk/client-backup";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClients, type AwsClients } from "../../src/aws/clients.ts";
import {
  listRecoveryPoints,
  readBackupJob,
  readRestoreJob,
  startFolderRestore,
  startHomeBackup,
  vaultName,
  type BackupPlace,
} from "../../src/aws/home-backups.ts";
import { ensureRestoreAccessPoint, removeRestoreAccessPoint } from "../../src/aws/restore-access-point.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { storageOutputsSchema, type StorageOutputs } from "../../src/releases/inputs.ts";
import { eventually } from "../helpers/eventually.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { region, startSimulatedAws, type SimulatedAws } from "../helpers/simulated-aws.ts";
import {
  lockFor,
  operatorSettings,
  terraformStacks,
  unknownCalls,
  type TerraformStacks,
} from "../helpers/terraform-stacks.ts";

const { config } = releaseInputs();

let aws: SimulatedAws;
let lock: HubLock;
let both: TerraformStacks;
let outputs: StorageOutputs;
let clients: AwsClients;

/** Terraform of the storage stack alone; fails with its words. */
async function terraform(...args: string[]): Promise<string> {
  const { code, output } = await both.terraform("storage", ...args);
  expect(code, output.slice(-4000)).toBe(0);
  return output;
}

function write(backups: HubConfig["storage"]["backups"]): void {
  both.write({ ...config, storage: { ...config.storage, backups } }, lock);
}

beforeAll(async () => {
  aws = await startSimulatedAws();
  Object.assign(process.env, { ...aws.env, AWS_REGION: region });
  clients = createClients(region);
  lock = await lockFor(aws, [{ id: "use2-az1", name: "us-east-2a" }]);
  both = terraformStacks(aws);
  write({ enabled: true, keepDays: 30 });
  await terraform("init");
  await terraform("apply", "-auto-approve");
  outputs = storageOutputsSchema.parse(await both.outputs("storage"));
  return () => aws.stop();
}, 300_000);

afterAll(() => {
  expect(unknownCalls(aws)).toEqual([]);
});

function place(): BackupPlace {
  const { backup_vault_name: vault = "", file_system_arn: fileSystemArn = "", backup_role_arn: roleArn = "" } = outputs;
  return { vault, fileSystemArn, roleArn };
}

async function backUp(): Promise<void> {
  const job = await startHomeBackup(clients, place(), { keepDays: 30, tags: { "hubctl:id": lock.id } });
  await eventually("the backup to end", async () => (await readBackupJob(clients, job)).isDone);
}

const volume = (...path: string[]) => join(aws.dir, "volumes", outputs.file_system_id, ...path);

test("the storage stack has a vault, a plan and a role of its own, and is stable", async () => {
  expect(outputs.backup_vault_name).toBe(vaultName("dandihub", lock.id));
  expect(await both.plannedChanges("storage")).toEqual([]);
  const client = new BackupClient(operatorSettings(aws));
  expect((await client.send(new ListBackupPlansCommand({}))).BackupPlansList).toHaveLength(1);
  const role = await new IAMClient(operatorSettings(aws)).send(
    new GetRoleCommand({ RoleName: outputs.backup_role_arn?.split("/").at(-1) }),
  );
  expect(decodeURIComponent(role.Role?.AssumeRolePolicyDocument ?? "")).toContain("backup.amazonaws.com");
});

test("how long recovery points are kept can be changed, and nothing else is touched by that", async () => {
  write({ enabled: true, keepDays: 7 });
  expect(await both.plannedChanges("storage")).toEqual(["update aws_backup_plan.homes[0]"]);
  await terraform("apply", "-auto-approve");
  expect(await both.plannedChanges("storage")).toEqual([]);
});

test("a recovery point brings one folder back beside what is there, as it was then", async () => {
  await mkdir(volume("home", "ada"), { recursive: true });
  await writeFile(volume("home", "ada", "thesis.txt"), "first");
  await mkdir(volume("home", "grace"), { recursive: true });
  await writeFile(volume("home", "grace", "own.txt"), "grace's");
  await backUp();
  await writeFile(volume("home", "ada", "thesis.txt"), "second");

  const [point] = (await listRecoveryPoints(clients, place().vault)) ?? [];
  expect(point).toMatchObject({ state: "COMPLETED" });
  const job = await startFolderRestore(clients, place(), { point: point?.arn ?? "", path: "/home/ada" });
  await eventually("the restore to end", async () => (await readRestoreJob(clients, job)).isDone);

  const [folder = ""] = (await readdir(volume())).filter((name) => name.startsWith("aws-backup-restore_"));
  expect(await readFile(volume(folder, "home", "ada", "thesis.txt"), "utf8")).toBe("first");
  expect(existsSync(volume(folder, "home", "grace"))).toBe(false);
  expect(await readFile(volume("home", "ada", "thesis.txt"), "utf8")).toBe("second");
});

test("the access point of a restore is made once, and taken away", async () => {
  const named = { name: "dandihub-restore-home", tags: { "hubctl:id": lock.id } };
  const { id } = await ensureRestoreAccessPoint(clients, outputs.file_system_id, named);
  const again = await ensureRestoreAccessPoint(clients, outputs.file_system_id, named);
  expect(again).toEqual({ id, isReady: true });
  await removeRestoreAccessPoint(clients, outputs.file_system_id, named.name);
  const { id: other } = await ensureRestoreAccessPoint(clients, outputs.file_system_id, named);
  expect(other).not.toBe(id);
  await removeRestoreAccessPoint(clients, outputs.file_system_id, named.name);
  expect(await both.plannedChanges("storage")).toEqual([]);
});

test("without daily backups the vault and its recovery points stay", async () => {
  write({ enabled: false, keepDays: 7 });
  expect(await both.plannedChanges("storage")).toEqual([
    "delete aws_backup_plan.homes[0]",
    "delete aws_backup_selection.homes[0]",
  ]);
  await terraform("apply", "-auto-approve");
  expect(await listRecoveryPoints(clients, place().vault)).toHaveLength(1);
});

test("what is destroyed leaves no vault and no recovery point", async () => {
  await terraform("destroy", "-auto-approve");
  const client = new BackupClient(operatorSettings(aws));
  expect((await client.send(new ListBackupVaultsCommand({}))).BackupVaultList).toEqual([]);
  expect(await listRecoveryPoints(clients, place().vault)).toBeUndefined();
});
