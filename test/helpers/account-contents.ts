import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient, paginateDescribeLogGroups } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { DescribeRepositoriesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { DescribeAccessPointsCommand, DescribeFileSystemsCommand, EFSClient } from "@aws-sdk/client-efs";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import {
  IAMClient,
  ListInstanceProfilesCommand,
  ListOpenIDConnectProvidersCommand,
  ListPoliciesCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { AwsSettings } from "./plant-orphans.ts";

/** The ids of nearly everything in an account, whoever it belongs to. */
export async function listAccount(settings: AwsSettings): Promise<string[]> {
  const ec2 = new EC2Client(settings);
  const elb = new ElasticLoadBalancingV2Client(settings);
  const iam = new IAMClient(settings);
  const efs = new EFSClient(settings);
  const lists: (readonly (string | undefined)[] | undefined)[] = [
    (await ec2.send(new DescribeVpcsCommand({}))).Vpcs?.map(({ VpcId }) => VpcId),
    (await ec2.send(new DescribeSubnetsCommand({}))).Subnets?.map(({ SubnetId }) => SubnetId),
    (await ec2.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups?.map(({ GroupId }) => GroupId),
    (await ec2.send(new DescribeSecurityGroupRulesCommand({}))).SecurityGroupRules?.map(
      ({ SecurityGroupRuleId }) => SecurityGroupRuleId,
    ),
    (await ec2.send(new DescribeRouteTablesCommand({}))).RouteTables?.map(({ RouteTableId }) => RouteTableId),
    (await ec2.send(new DescribeInternetGatewaysCommand({}))).InternetGateways?.map(
      ({ InternetGatewayId }) => InternetGatewayId,
    ),
    (await ec2.send(new DescribeNatGatewaysCommand({}))).NatGateways?.map(({ NatGatewayId, State }) =>
      State === "deleted" ? undefined : NatGatewayId,
    ),
    (await ec2.send(new DescribeVpcEndpointsCommand({}))).VpcEndpoints?.map(({ VpcEndpointId, State }) =>
      String(State) === "deleted" ? undefined : VpcEndpointId,
    ),
    (await ec2.send(new DescribeAddressesCommand({}))).Addresses?.map(({ AllocationId }) => AllocationId),
    (await ec2.send(new DescribeNetworkInterfacesCommand({}))).NetworkInterfaces?.map(
      ({ NetworkInterfaceId }) => NetworkInterfaceId,
    ),
    (await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates?.map(
      ({ LaunchTemplateId }) => LaunchTemplateId,
    ),
    (await ec2.send(new DescribeVolumesCommand({}))).Volumes?.map(({ VolumeId }) => VolumeId),
    (await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"] }))).Snapshots?.map(
      ({ SnapshotId }) => SnapshotId,
    ),
    (await ec2.send(new DescribeInstancesCommand({}))).Reservations?.flatMap(({ Instances = [] }) =>
      Instances.map(({ InstanceId, State }) => (State?.Name === "terminated" ? undefined : InstanceId)),
    ),
    (await new AutoScalingClient(settings).send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups?.map(
      ({ AutoScalingGroupName }) => AutoScalingGroupName,
    ),
    (await elb.send(new DescribeLoadBalancersCommand({}))).LoadBalancers?.map(({ LoadBalancerArn }) => LoadBalancerArn),
    (await elb.send(new DescribeTargetGroupsCommand({}))).TargetGroups?.map(({ TargetGroupArn }) => TargetGroupArn),
    (await efs.send(new DescribeFileSystemsCommand({}))).FileSystems?.map(({ FileSystemId }) => FileSystemId),
    (await efs.send(new DescribeAccessPointsCommand({}))).AccessPoints?.map(({ AccessPointId }) => AccessPointId),
    (await new EKSClient(settings).send(new ListClustersCommand({}))).clusters,
    (await iam.send(new ListRolesCommand({}))).Roles?.map(({ Arn }) => Arn),
    (await iam.send(new ListPoliciesCommand({ Scope: "Local" }))).Policies?.map(({ Arn }) => Arn),
    (await iam.send(new ListInstanceProfilesCommand({}))).InstanceProfiles?.map(({ Arn }) => Arn),
    (await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList?.map(({ Arn }) => Arn),
    (await new SQSClient(settings).send(new ListQueuesCommand({}))).QueueUrls,
    (await new EventBridgeClient(settings).send(new ListRulesCommand({}))).Rules?.map(({ Arn }) => Arn),
    (await new S3Client(settings).send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name),
    (await new ECRClient(settings).send(new DescribeRepositoriesCommand({}))).repositories?.map(
      ({ repositoryArn }) => repositoryArn,
    ),
    (await new SecretsManagerClient(settings).send(new ListSecretsCommand({}))).SecretList?.map(({ ARN }) => ARN),
    (await new SSMClient(settings).send(new DescribeParametersCommand({}))).Parameters?.map(({ Name }) => Name),
    await logGroups(settings),
  ];
  return lists
    .flatMap((list) => list ?? [])
    .flatMap((id) => id ?? [])
    .sort();
}

async function logGroups(settings: AwsSettings): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateDescribeLogGroups({ client: new CloudWatchLogsClient(settings) }, {}))
    names.push(...(page.logGroups ?? []).flatMap(({ logGroupName }) => logGroupName ?? []));
  return names;
}
