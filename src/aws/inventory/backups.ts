import {
  ListTagsCommand,
  paginateListBackupPlans,
  paginateListBackupVaults,
  paginateListRecoveryPointsByBackupVault,
  type BackupClient,
  type RecoveryPointByBackupVault,
} from "@aws-sdk/client-backup";
import { prices } from "../../cost/prices.ts";
import { hasOwnTags, type Found } from "./resource.ts";
import { mapFew, unlessGone, type Scope } from "./scope.ts";

export async function findBackupVaults({ aws }: Scope): Promise<Found[]> {
  const client = await aws.rare.backup();
  const vaults: Found[] = [];
  for await (const { BackupVaultList = [] } of paginateListBackupVaults({ client }, {})) {
    for (const { BackupVaultName: id = "", BackupVaultArn, CreationDate } of BackupVaultList)
      vaults.push({
        category: "backup-vaults",
        id,
        arn: BackupVaultArn,
        created: CreationDate,
        tags: {},
        monthlyCost: 0,
      });
  }
  return withOwnTags(client, vaults);
}

export async function findBackupPlans({ aws }: Scope): Promise<Found[]> {
  const client = await aws.rare.backup();
  const plans: Found[] = [];
  for await (const { BackupPlansList = [] } of paginateListBackupPlans({ client }, {})) {
    for (const { BackupPlanId: id = "", BackupPlanArn, BackupPlanName, CreationDate } of BackupPlansList)
      plans.push({
        category: "backup-plans",
        id,
        arn: BackupPlanArn,
        name: BackupPlanName,
        created: CreationDate,
        tags: {},
        monthlyCost: 0,
      });
  }
  return withOwnTags(client, plans);
}

/** In our vaults, or of our file systems in whatever vault. */
export async function findRecoveryPoints(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.backup();
  const [own, systems] = await Promise.all([scope.found("backup-vaults"), scope.found("file-systems")]);
  const found: Found[] = [];
  const look = async (BackupVaultName: string, whole: string, ByResourceArn?: string) => {
    const request = { BackupVaultName, ByResourceArn };
    for await (const page of paginateListRecoveryPointsByBackupVault({ client }, request)) {
      for (const point of page.RecoveryPoints ?? []) found.push(recoveryPoint(point, whole));
    }
  };
  for await (const { BackupVaultList = [] } of paginateListBackupVaults({ client }, {})) {
    await mapFew(BackupVaultList, async ({ BackupVaultName: vault = "", BackupVaultArn: arn = "" }) => {
      if (own.some(({ id }) => id === vault)) await look(vault, arn);
      else for (const system of systems) await look(vault, system.arn ?? "", system.arn);
    });
  }
  return found;
}

function recoveryPoint(
  { RecoveryPointArn: id = "", BackupVaultName: vault = "", ...point }: RecoveryPointByBackupVault,
  whole: string,
): Found {
  return {
    category: "recovery-points",
    id,
    name: vault,
    created: point.CreationDate,
    tags: {},
    partOf: [whole],
    sharesStack: true,
    monthlyCost: ((point.BackupSizeInBytes ?? 0) / 1e9) * prices.backup,
    facts: { vault },
    ...(point.Status === "DELETING" && { going: { words: "deleting", waits: "minutes" } }),
  };
}

async function withOwnTags(client: BackupClient, found: readonly Found[]): Promise<Found[]> {
  const tagged = await mapFew(found, async (one) => {
    const answer = await unlessGone(client.send(new ListTagsCommand({ ResourceArn: one.arn })));
    return { ...one, tags: answer?.Tags ?? {} };
  });
  return tagged.filter(({ tags }) => hasOwnTags(tags));
}
