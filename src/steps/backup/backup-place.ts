import type { BackupPlace } from "../../aws/home-backups.ts";
import { UserError } from "../../errors.ts";
import { resourceTags } from "../../releases/tags.ts";
import type { Installation } from "../installation.ts";

/** Where homes are backed up, as the storage stack made it. */
export async function requireBackupPlace(installation: Installation): Promise<BackupPlace & { fileSystemId: string }> {
  const { name } = installation.deployment;
  const outputs = await installation.storageOutputs();
  const { file_system_arn: fileSystemArn, backup_vault_name: vault, backup_role_arn: roleArn } = outputs ?? {};
  if (!outputs || fileSystemArn === undefined || vault === undefined || roleArn === undefined) {
    throw new UserError("NoVault", `${name} has no vault for backups of homes yet`, {
      hint: `hubctl install --deployment ${name} makes it`,
    });
  }
  return { vault, fileSystemArn, roleArn, fileSystemId: outputs.file_system_id };
}

/** Tags of what is made beside the storage stack, and belongs to it. */
export async function storageTags(installation: Installation): Promise<Record<string, string>> {
  const { lock } = await installation.lock();
  return { ...resourceTags({ config: installation.config, lock }), "hubctl:stack": "storage" };
}
