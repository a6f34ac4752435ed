import { randomInt } from "node:crypto";
import { CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import type { Subnet } from "@aws-sdk/client-ec2";
import { isAwsError, unless } from "./clients.ts";
import type { EksContext } from "./context.ts";
import { invalidParameter } from "./errors.ts";
import { pause } from "./jobs.ts";
import type { ClusterRecord } from "./state.ts";

/** The subnets, all of which must exist in one VPC. */
export async function describeSubnets(context: EksContext, ids: readonly string[]): Promise<Subnet[]> {
  const answer = await unless(
    context.aws.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] })),
    "InvalidSubnetID.NotFound",
    "InvalidSubnetID.Malformed",
  );
  const subnets = answer?.Subnets ?? [];
  if (subnets.length !== new Set(ids).size) {
    throw invalidParameter(`The subnet ID '${ids.join(", ")}' does not exist`);
  }
  if (new Set(subnets.map(({ VpcId }) => VpcId)).size > 1) {
    throw invalidParameter("Subnets specified must belong to the same VPC");
  }
  return subnets;
}

export async function checkSecurityGroups(context: EksContext, ids: readonly string[], vpcId: string): Promise<void> {
  if (ids.length === 0) return;
  const answer = await unless(
    context.aws.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [...ids] })),
    "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed",
  );
  const groups = answer?.SecurityGroups ?? [];
  if (groups.length !== new Set(ids).size) {
    throw invalidParameter(`The security group ID '${ids.join(", ")}' does not exist`);
  }
  const foreign = groups.find(({ VpcId }) => VpcId !== vpcId);
  if (foreign !== undefined) {
    throw invalidParameter(`Security group ${foreign.GroupId ?? ""} does not belong to the VPC ${vpcId}`);
  }
}

export async function vpcCidr(context: EksContext, vpcId: string): Promise<string> {
  const { Vpcs: vpcs = [] } = await context.aws.ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
  return vpcs[0]?.CidrBlock ?? "";
}

/** Makes the cluster security group; answers its id. The cluster's own tags do not reach it. */
export async function createClusterSecurityGroup(context: EksContext, record: ClusterRecord): Promise<string> {
  const { name, resourcesVpcConfig } = record.shape;
  const groupName = `eks-cluster-sg-${name}-${randomInt(100_000_000, 2_000_000_000)}`;
  const { GroupId: id } = await context.aws.ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: groupName,
      Description:
        "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
      VpcId: resourcesVpcConfig.vpcId,
      TagSpecifications: [
        {
          ResourceType: "security-group",
          Tags: Object.entries({
            Name: groupName,
            "aws:eks:cluster-name": name,
            [`kubernetes.io/cluster/${name}`]: "owned",
          }).map(([Key, Value]) => ({ Key, Value })),
        },
      ],
    }),
  );
  if (id === undefined) throw new Error("EC2 answered no security group id");
  // EC2 itself adds the rule that lets everything out.
  await context.aws.ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: id,
      IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: id }] }],
    }),
  );
  return id;
}

/** Makes the control plane's network interfaces: one in each of two zones; answers their ids. */
export async function createNetworkInterfaces(context: EksContext, record: ClusterRecord): Promise<string[]> {
  const { name, resourcesVpcConfig } = record.shape;
  const { clusterSecurityGroupId, securityGroupIds = [], subnetIds = [] } = resourcesVpcConfig;
  const subnets = await describeSubnets(context, subnetIds);
  const perZone = new Map(subnets.map((subnet) => [subnet.AvailabilityZone, subnet.SubnetId]));
  const ids: string[] = [];
  for (const subnetId of [...perZone.values()].slice(0, 2)) {
    const { NetworkInterface: made } = await context.aws.ec2.send(
      new CreateNetworkInterfaceCommand({
        SubnetId: subnetId,
        Description: `Amazon EKS ${name}`,
        Groups: [clusterSecurityGroupId, ...securityGroupIds].filter((id) => id !== undefined),
        TagSpecifications: [
          {
            ResourceType: "network-interface",
            Tags: [{ Key: "cluster.k8s.amazonaws.com/name", Value: name }],
          },
        ],
      }),
    );
    if (made?.NetworkInterfaceId !== undefined) ids.push(made.NetworkInterfaceId);
  }
  return ids;
}

export async function deleteNetworkInterfaces(context: EksContext, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await unless(
      context.aws.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
      "InvalidNetworkInterfaceID.NotFound",
    );
  }
}

/** Deletes the cluster security group; one that stays in use is left behind, as EKS does. */
export async function deleteClusterSecurityGroup(context: EksContext, id: string, signal: AbortSignal): Promise<void> {
  const giveUpAt = context.now() + context.delays.securityGroupTimeout;
  for (;;) {
    try {
      await context.aws.ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }));
      return;
    } catch (error) {
      if (isAwsError(error, "InvalidGroup.NotFound")) return;
      if (!isAwsError(error, "DependencyViolation") || context.now() >= giveUpAt) throw error;
    }
    await pause(context.delays.poll, signal);
  }
}

/** Makes sure that the log group exists into which the control plane writes. */
export async function ensureLogGroup(context: EksContext, record: ClusterRecord): Promise<void> {
  const { name, logging } = record.shape;
  if (!(logging.clusterLogging ?? []).some(({ enabled }) => enabled)) return;
  await unless(
    context.aws.logs.send(new CreateLogGroupCommand({ logGroupName: `/aws/eks/${name}/cluster` })),
    "ResourceAlreadyExistsException",
  );
}
