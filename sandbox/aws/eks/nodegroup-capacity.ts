import {
  AttachInstancesCommand,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import type { Instance, Tag } from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { unless } from "./clients.ts";
import type { EksContext } from "./context.ts";
import { parsePrincipalArn } from "./iam.ts";
import { ownTags, tagList } from "./launch-templates.ts";
import type { NodegroupRecord } from "./state.ts";

export function groupName({ shape, uuid }: NodegroupRecord): string {
  return `eks-${shape.nodegroupName}-${uuid}`;
}

const noEntity = ["NoSuchEntity", "NoSuchEntityException"];

/** The instance profile of its own that a node group has for its node role. */
export async function ensureInstanceProfile(context: EksContext, nodegroup: NodegroupRecord): Promise<void> {
  const { iam } = context.aws;
  const InstanceProfileName = `eks-${nodegroup.uuid}`;
  const exists = ["EntityAlreadyExists", "EntityAlreadyExistsException"];
  await unless(iam.send(new CreateInstanceProfileCommand({ InstanceProfileName })), ...exists);
  const RoleName = roleNameOf(nodegroup);
  const already = ["LimitExceeded", "LimitExceededException"];
  await unless(iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName })), ...already);
}

export async function deleteInstanceProfile(context: EksContext, nodegroup: NodegroupRecord): Promise<void> {
  const { iam } = context.aws;
  const InstanceProfileName = `eks-${nodegroup.uuid}`;
  const RoleName = roleNameOf(nodegroup);
  await unless(iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName })), ...noEntity);
  await unless(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName })), ...noEntity);
}

function roleNameOf({ shape }: NodegroupRecord): string {
  return parsePrincipalArn(shape.nodeRole)?.name ?? "";
}

/** Makes the autoscaling group, empty, unless it is there. */
export async function ensureAutoScalingGroup(context: EksContext, nodegroup: NodegroupRecord): Promise<void> {
  const { autoScaling } = context.aws;
  const { shape } = nodegroup;
  const name = groupName(nodegroup);
  const { AutoScalingGroups: groups = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  if (groups.length > 0) return;
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      MinSize: 0,
      MaxSize: shape.scalingConfig.maxSize,
      DesiredCapacity: 0,
      LaunchTemplate: templateOf(nodegroup),
      VPCZoneIdentifier: shape.subnets.join(","),
      Tags: tagList(groupTags(nodegroup)).map((tag) => ({
        ...tag,
        ResourceId: name,
        ResourceType: "auto-scaling-group",
        PropagateAtLaunch: true,
      })),
    }),
  );
}

function groupTags(nodegroup: NodegroupRecord): Record<string, string> {
  const { clusterName } = nodegroup.shape;
  return {
    ...ownTags(nodegroup),
    "k8s.io/cluster-autoscaler/enabled": "true",
    [`k8s.io/cluster-autoscaler/${clusterName}`]: "owned",
    [`kubernetes.io/cluster/${clusterName}`]: "owned",
  };
}

function templateOf({ launchTemplateId, launchTemplateVersion }: NodegroupRecord) {
  return { LaunchTemplateId: launchTemplateId, Version: launchTemplateVersion };
}

/** The group's instances that live, oldest first. */
export async function instancesOf(context: EksContext, nodegroup: NodegroupRecord): Promise<Instance[]> {
  const { Reservations: reservations = [] } = await context.aws.ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: "tag:aws:autoscaling:groupName", Values: [groupName(nodegroup)] },
        { Name: "instance-state-name", Values: ["pending", "running"] },
      ],
    }),
  );
  return reservations
    .flatMap(({ Instances }) => Instances ?? [])
    .sort((a, b) => (a.LaunchTime?.getTime() ?? 0) - (b.LaunchTime?.getTime() ?? 0));
}

/** Brings the group to its minimum, maximum and desired size. */
export async function scale(context: EksContext, nodegroup: NodegroupRecord): Promise<void> {
  const { minSize, maxSize, desiredSize = 0 } = nodegroup.shape.scalingConfig;
  const instances = await instancesOf(context, nodegroup);
  await setLimits(context, nodegroup, { MinSize: 0, MaxSize: Math.max(maxSize ?? 0, instances.length) });
  if (instances.length < desiredSize) await launch(context, nodegroup, desiredSize - instances.length);
  else await terminate(context, instances.slice(desiredSize).map(idOf));
  await setLimits(context, nodegroup, { MinSize: minSize, MaxSize: maxSize });
}

export function idOf({ InstanceId }: Instance): string {
  return InstanceId ?? "";
}

export async function setLimits(
  context: EksContext,
  nodegroup: NodegroupRecord,
  limits: { MinSize: number | undefined; MaxSize: number | undefined },
): Promise<void> {
  await context.aws.autoScaling.send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: groupName(nodegroup),
      LaunchTemplate: templateOf(nodegroup),
      ...limits,
    }),
  );
}

/**
 * Starts instances of the launch template's present version and puts them into the group, spread over the subnets. moto's
 * own groups put every instance into the first subnet, without an instance profile.
 */
export async function launch(context: EksContext, nodegroup: NodegroupRecord, count: number): Promise<string[]> {
  const { ec2, autoScaling } = context.aws;
  const present = await instancesOf(context, nodegroup);
  const perSubnet = new Map(nodegroup.shape.subnets.map((id) => [id, 0]));
  for (const { SubnetId } of present) {
    if (SubnetId !== undefined) perSubnet.set(SubnetId, (perSubnet.get(SubnetId) ?? 0) + 1);
  }
  const { LaunchTemplateVersions: versions = [] } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({
      LaunchTemplateId: nodegroup.launchTemplateId,
      Versions: [nodegroup.launchTemplateVersion ?? "$Latest"],
    }),
  );
  const data = versions[0]?.LaunchTemplateData;
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const subnetId = [...perSubnet].sort(([, a], [, b]) => a - b)[0]?.[0];
    if (subnetId !== undefined) perSubnet.set(subnetId, (perSubnet.get(subnetId) ?? 0) + 1);
    const { Instances: made = [] } = await ec2.send(
      new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        LaunchTemplate: templateOf(nodegroup),
        InstanceType: data?.InstanceType,
        SubnetId: subnetId,
        SecurityGroupIds: data?.SecurityGroupIds,
        IamInstanceProfile: { Name: `eks-${nodegroup.uuid}` },
        MetadataOptions: {
          HttpTokens: data?.MetadataOptions?.HttpTokens,
          HttpPutResponseHopLimit: data?.MetadataOptions?.HttpPutResponseHopLimit,
        },
        ...(nodegroup.shape.capacityType === "SPOT" ? { InstanceMarketOptions: { MarketType: "spot" } } : {}),
        TagSpecifications: (data?.TagSpecifications ?? []).map(({ ResourceType, Tags = [] }) => ({
          ResourceType,
          Tags: ResourceType === "instance" ? mergeTags(Tags, groupTags(nodegroup)) : Tags,
        })),
      }),
    );
    ids.push(...made.map(idOf));
  }
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName: groupName(nodegroup), InstanceIds: ids }));
  return ids;
}

function mergeTags(tags: readonly Tag[], more: Record<string, string>) {
  return tagList({ ...Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value])), ...more });
}

/** Ends instances; the group's desired size goes down with them. */
export async function terminate(context: EksContext, ids: readonly string[]): Promise<void> {
  for (const InstanceId of ids) {
    await context.aws.autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
    );
  }
}

/** Removes the group with all its instances. */
export async function deleteAutoScalingGroup(context: EksContext, nodegroup: NodegroupRecord): Promise<void> {
  const ids = (await instancesOf(context, nodegroup)).map(idOf);
  await unless(
    context.aws.autoScaling.send(
      new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: groupName(nodegroup), ForceDelete: true }),
    ),
    "ValidationError",
  );
  if (ids.length > 0) await context.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
}
