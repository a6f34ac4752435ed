import {
  CreateAccessPointCommand,
  DeleteAccessPointCommand,
  DescribeAccessPointsCommand,
  type AccessPointDescription,
} from "@aws-sdk/client-efs";
import type { AwsClients } from "./clients.ts";

const jovyan = { Uid: 1000, Gid: 100 };

/**
 * An access point that shows the whole file system, as the user of the homes: what AWS Backup brings back lies at its
 * top, above all others. It is there as long as a restore takes.
 */
export async function ensureRestoreAccessPoint(
  aws: AwsClients,
  FileSystemId: string,
  { name, tags }: { name: string; tags: Record<string, string> },
): Promise<{ id: string; isReady: boolean }> {
  const present = await findRestoreAccessPoint(aws, FileSystemId, name);
  const { AccessPointId = "", LifeCycleState } =
    present ??
    (await aws.efs.send(
      new CreateAccessPointCommand({
        FileSystemId,
        PosixUser: jovyan,
        RootDirectory: { Path: "/" },
        Tags: Object.entries({ ...tags, Name: name }).map(([Key, Value]) => ({ Key, Value })),
      }),
    ));
  return { id: AccessPointId, isReady: LifeCycleState === "available" };
}

export async function removeRestoreAccessPoint(aws: AwsClients, fileSystemId: string, name: string): Promise<void> {
  const present = await findRestoreAccessPoint(aws, fileSystemId, name);
  if (present) await aws.efs.send(new DeleteAccessPointCommand({ AccessPointId: present.AccessPointId }));
}

async function findRestoreAccessPoint(
  aws: AwsClients,
  FileSystemId: string,
  name: string,
): Promise<AccessPointDescription | undefined> {
  // A deployment has a handful; one page holds a hundred.
  const { AccessPoints } = await aws.efs.send(new DescribeAccessPointsCommand({ FileSystemId, MaxResults: 100 }));
  return AccessPoints?.find(
    ({ Name, LifeCycleState }) => Name === name && (LifeCycleState === "available" || LifeCycleState === "creating"),
  );
}
