import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { beforeAll, expect, test } from "vitest";
import { awsSettings, clientsFor } from "../helpers/aws-clients.ts";
import { startSimulatedAws } from "../helpers/simulated-aws.ts";

let aws: ReturnType<typeof clientsFor>;

beforeAll(async () => {
  const simulated = await startSimulatedAws();
  aws = clientsFor(simulated.env);
  return async () => await simulated.stop();
}, 120_000);

async function makeNetwork() {
  const { Vpc: vpc } = await aws.ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const VpcId = vpc!.VpcId!;
  const { Subnet: subnet } = await aws.ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: "10.0.0.0/24" }));
  return { VpcId, SubnetId: subnet!.SubnetId! };
}

async function runInstance(SubnetId: string): Promise<string> {
  const { Instances: instances } = await aws.ec2.send(
    new RunInstancesCommand({
      SubnetId,
      ImageId: "ami-0f1c2d3e4b5a69788",
      InstanceType: "t3.small",
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  return instances![0]!.InstanceId!;
}

async function interfacesIn(SubnetId: string) {
  const Filters = [{ Name: "subnet-id", Values: [SubnetId] }];
  const { NetworkInterfaces: found } = await aws.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return found!;
}

test("a terminated instance takes its own interface along, and leaves one that was attached later", async () => {
  const { SubnetId } = await makeNetwork();
  const InstanceId = await runInstance(SubnetId);
  const { NetworkInterface: second } = await aws.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
  const NetworkInterfaceId = second!.NetworkInterfaceId!;
  await aws.ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }));
  expect(await interfacesIn(SubnetId)).toHaveLength(2);

  await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  expect(await interfacesIn(SubnetId)).toEqual([expect.objectContaining({ NetworkInterfaceId, Status: "available" })]);
  const { Reservations: listed } = await aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
  const [terminated] = listed![0]!.Instances!;
  expect(terminated).toMatchObject({ State: { Name: "terminated" }, NetworkInterfaces: [], SecurityGroups: [] });
  expect(terminated).not.toHaveProperty("PrivateIpAddress");
  expect(terminated).not.toHaveProperty("SubnetId");
});
