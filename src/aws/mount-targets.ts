import {
  CreateMountTargetCommand,
  DescribeMountTargetsCommand,
  DescribeMountTargetSecurityGroupsCommand,
  ModifyMountTargetSecurityGroupsCommand,
  type MountTargetDescription,
} from "@aws-sdk/client-efs";
import { ToolError, UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

/** Where the file system should be reachable: one mount target in each zone, more of them EFS does not take. */
export interface MountTargetPlan {
  fileSystemId: string;
  vpcId: string;
  securityGroupId: string;
  /** Subnets that get one, as their zones have none yet. */
  create: string[];
  /** Mount targets with other security groups than ours. */
  regroup: string[];
  /** Mount targets that exist, in any state. */
  existing: string[];
}

/** UserError MountTargetsElsewhere when the file system is attached to another VPC: EFS allows one VPC at a time. */
export async function planMountTargets(
  aws: AwsClients,
  wanted: { fileSystemId: string; vpcId: string; subnetByZone: Record<string, string>; securityGroupId: string },
): Promise<MountTargetPlan> {
  const found = await listMountTargets(aws, wanted.fileSystemId);
  const elsewhere = found.find(({ VpcId }) => VpcId !== undefined && VpcId !== wanted.vpcId);
  if (elsewhere) {
    throw new UserError(
      "MountTargetsElsewhere",
      `the file system ${wanted.fileSystemId} is attached to the VPC ${elsewhere.VpcId ?? "?"}, not to ${wanted.vpcId}`,
      { hint: `remove the mount target ${elsewhere.MountTargetId ?? "?"} if nothing uses it any more, then run again` },
    );
  }
  const present = new Set(found.map(({ AvailabilityZoneName }) => AvailabilityZoneName));
  const ids = found.flatMap(({ MountTargetId }) => (MountTargetId ? [MountTargetId] : []));
  const groups = await Promise.all(
    ids.map(async (MountTargetId) => ({
      MountTargetId,
      groups: (await aws.efs.send(new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }))).SecurityGroups,
    })),
  );
  return {
    fileSystemId: wanted.fileSystemId,
    vpcId: wanted.vpcId,
    securityGroupId: wanted.securityGroupId,
    create: Object.entries(wanted.subnetByZone).flatMap(([zone, subnet]) => (present.has(zone) ? [] : [subnet])),
    regroup: groups
      .filter(({ groups }) => groups?.length !== 1 || groups[0] !== wanted.securityGroupId)
      .map(({ MountTargetId }) => MountTargetId),
    existing: ids,
  };
}

export async function applyMountTargets(aws: AwsClients, plan: MountTargetPlan): Promise<void> {
  await Promise.all([
    ...plan.create.map((SubnetId) =>
      aws.efs.send(
        new CreateMountTargetCommand({
          FileSystemId: plan.fileSystemId,
          SubnetId,
          SecurityGroups: [plan.securityGroupId],
        }),
      ),
    ),
    ...plan.regroup.map((MountTargetId) =>
      aws.efs.send(
        new ModifyMountTargetSecurityGroupsCommand({ MountTargetId, SecurityGroups: [plan.securityGroupId] }),
      ),
    ),
  ]);
}

/** The mount targets that can't be mounted yet, as "fsmt-1 creating". ToolError when one has failed. */
export async function pendingMountTargets(aws: AwsClients, fileSystemId: string): Promise<string[]> {
  const found = await listMountTargets(aws, fileSystemId);
  const failed = found.find(({ LifeCycleState }) => LifeCycleState === "error");
  if (failed) {
    throw new ToolError("MountTargetFailed", `EFS could not make the mount target ${failed.MountTargetId ?? "?"}`, {
      hint: `aws efs delete-mount-target --mount-target-id ${failed.MountTargetId ?? "?"}, then run again`,
    });
  }
  return found
    .filter(({ LifeCycleState }) => LifeCycleState !== "available")
    .map(({ MountTargetId, LifeCycleState }) => `${MountTargetId ?? "?"} ${LifeCycleState ?? "?"}`);
}

async function listMountTargets(aws: AwsClients, FileSystemId: string): Promise<MountTargetDescription[]> {
  return (await aws.efs.send(new DescribeMountTargetsCommand({ FileSystemId }))).MountTargets ?? [];
}
