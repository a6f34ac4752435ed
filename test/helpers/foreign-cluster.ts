import type { EC2Client } from "@aws-sdk/client-ec2";
import { DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import type { EKSClient } from "@aws-sdk/client-eks";
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-eks";
import type { IAMClient } from "@aws-sdk/client-iam";
import { AttachRolePolicyCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { eventually } from "./eventually.ts";

/** An EKS cluster as somebody else's scripts would make it: in the default VPC and, without `tags`, with none of hubctl's. */
export async function createForeignCluster(
  { ec2, eks, iam }: { ec2: EC2Client; eks: EKSClient; iam: IAMClient },
  name: string,
  tags: Record<string, string> = {},
): Promise<{ remove(): Promise<void> }> {
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: `old-scripts-${name}`, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  await iam.send(
    new AttachRolePolicyCommand({
      RoleName: `old-scripts-${name}`,
      PolicyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    }),
  );
  const { Subnets = [] } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: "default-for-az", Values: ["true"] }] }),
  );
  const subnetIds = Subnets.slice(0, 2).map(({ SubnetId }) => SubnetId!);
  await eks.send(new CreateClusterCommand({ name, roleArn: Role!.Arn!, resourcesVpcConfig: { subnetIds }, tags }));
  const status = async () => (await eks.send(new DescribeClusterCommand({ name }))).cluster?.status;
  await eventually("the foreign cluster to be active", async () => (await status()) === "ACTIVE");
  return {
    async remove() {
      await eks.send(new DeleteClusterCommand({ name }));
      await eventually("the foreign cluster to be gone", async () => {
        try {
          await status();
          return false;
        } catch (error) {
          if (error instanceof ResourceNotFoundException) return true;
          throw error;
        }
      });
    },
  };
}
