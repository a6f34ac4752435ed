import { CloudWatchLogsClient, DeleteLogGroupCommand, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
} from "@aws-sdk/client-ec2";
import { CreateClusterCommand, DeleteClusterCommand, DescribeClusterCommand } from "@aws-sdk/client-eks";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { beforeAll, expect, test } from "vitest";
import { awsSettings, clientsFor } from "../helpers/aws-clients.ts";
import { eventually } from "../helpers/eventually.ts";
import { region, startSimulatedAws } from "../helpers/simulated-aws.ts";

let aws: ReturnType<typeof clientsFor> & { logs: CloudWatchLogsClient };

beforeAll(async () => {
  const simulated = await startSimulatedAws();
  aws = { ...clientsFor(simulated.env), logs: new CloudWatchLogsClient(awsSettings(simulated.env)) };
  return async () => await simulated.stop();
}, 120_000);

const name = "doomed";
const logGroupName = `/aws/eks/${name}/cluster`;

async function makeCluster(): Promise<string[]> {
  const trust = { Effect: "Allow", Action: ["sts:AssumeRole"], Principal: { Service: "eks.amazonaws.com" } };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role: role } = await aws.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const { Vpc: vpc } = await aws.ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const subnetIds: string[] = [];
  for (const [index, zone] of ["a", "b"].entries()) {
    const { Subnet: subnet } = await aws.ec2.send(
      new CreateSubnetCommand({
        VpcId: vpc!.VpcId!,
        CidrBlock: `10.0.${index}.0/24`,
        AvailabilityZone: `${region}${zone}`,
      }),
    );
    subnetIds.push(subnet!.SubnetId!);
  }
  const logging = { clusterLogging: [{ types: ["api" as const], enabled: true }] };
  await aws.eks.send(
    new CreateClusterCommand({ name, roleArn: role!.Arn, resourcesVpcConfig: { subnetIds }, logging }),
  );
  return subnetIds;
}

async function interfacesOf(GroupId: string) {
  const Filters = [{ Name: "group-id", Values: [GroupId] }];
  const { NetworkInterfaces: found } = await aws.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return found!;
}

test("a dying cluster writes its log group again, and leaves its security group to an interface that was left behind", async () => {
  const [SubnetId] = await makeCluster();
  const GroupId = await eventually("the cluster", async () => {
    const { cluster } = await aws.eks.send(new DescribeClusterCommand({ name }));
    return cluster?.status === "ACTIVE" ? cluster.resourcesVpcConfig!.clusterSecurityGroupId! : undefined;
  });
  const [own] = await interfacesOf(GroupId);
  expect(own).toMatchObject({ Description: `Amazon EKS ${name}`, Status: "in-use" });
  const { NetworkInterfaceId } = own!;
  await expect(aws.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
  const { NetworkInterface: left } = await aws.ec2.send(
    new CreateNetworkInterfaceCommand({ SubnetId, Groups: [GroupId] }),
  );
  await aws.logs.send(new DeleteLogGroupCommand({ logGroupName }));

  await aws.eks.send(new DeleteClusterCommand({ name }));
  await eventually("the end of the cluster", async () => {
    const asked = aws.eks.send(new DescribeClusterCommand({ name }));
    return await asked.then(
      () => false,
      (error: unknown) => error instanceof Error && error.name === "ResourceNotFoundException",
    );
  });
  const { logGroups } = await aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
  expect(logGroups).toMatchObject([{ logGroupName }]);
  const { NetworkInterfaceId: leftId } = left!;
  expect(await interfacesOf(GroupId)).toMatchObject([{ NetworkInterfaceId: leftId }]);
  await aws.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: leftId }));
  await aws.ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
});
