import { DeleteMountTargetCommand, DescribeMountTargetsCommand } from "@aws-sdk/client-efs";
import type { AwsClients } from "./clients.ts";

/** Mount targets in any state; none where there is no such file system. */
export async function listMountTargetIds(aws: AwsClients, FileSystemId: string): Promise<string[]> {
  try {
    const { MountTargets = [] } = await aws.efs.send(new DescribeMountTargetsCommand({ FileSystemId }));
    return MountTargets.flatMap(({ MountTargetId }) => (MountTargetId ? [MountTargetId] : []));
  } catch (error) {
    if (error instanceof Error && error.name === "FileSystemNotFound") return [];
    throw error;
  }
}

export async function deleteMountTargets(aws: AwsClients, fileSystemId: string): Promise<void> {
  const ids = await listMountTargetIds(aws, fileSystemId);
  await Promise.all(ids.map((MountTargetId) => deleteUnlessGone(aws, MountTargetId)));
}

async function deleteUnlessGone(aws: AwsClients, MountTargetId: string): Promise<void> {
  try {
    await aws.efs.send(new DeleteMountTargetCommand({ MountTargetId }));
  } catch (error) {
    if (!(error instanceof Error && error.name === "MountTargetNotFound")) throw error;
  }
}
