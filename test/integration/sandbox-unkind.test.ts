import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AttachNetworkInterfaceCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  DetachNetworkInterfaceCommand,
  DisassociateAddressCommand,
  ModifyNetworkInterfaceAttributeCommand,
  ReleaseAddressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type Tag,
} from "@aws-sdk/client-ec2";
import { beforeAll, expect, test } from "vitest";
import { optimizedAmis } from "../../sandbox/aws/eks/versions.ts";
import { clientsFor } from "../helpers/aws-clients.ts";
import { eventually } from "../helpers/eventually.ts";
import { startSimulatedAws } from "../helpers/simulated-aws.ts";

let ec2: ReturnType<typeof clientsFor>["ec2"];

beforeAll(async () => {
  const simulated = await startSimulatedAws();
  ec2 = clientsFor(simulated.env).ec2;
  return async () => await simulated.stop();
}, 120_000);

const dependency = expect.objectContaining({ name: "DependencyViolation" }) as Error;

async function makeNetwork() {
  const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const VpcId = vpc!.VpcId!;
  const { Subnet: subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: "10.0.0.0/24" }));
  return { VpcId, SubnetId: subnet!.SubnetId! };
}

async function makeGroup(VpcId: string, GroupName: string): Promise<string> {
  const made = await ec2.send(new CreateSecurityGroupCommand({ VpcId, GroupName, Description: GroupName }));
  return made.GroupId!;
}

async function runInstance(SubnetId: string, Tags: Tag[] = []): Promise<string> {
  const TagSpecifications = Tags.length === 0 ? [] : [{ ResourceType: "instance" as const, Tags }];
  const { imageId: ImageId } = optimizedAmis()[0]!;
  const request = { SubnetId, ImageId, InstanceType: "t3.small" as const, MinCount: 1, MaxCount: 1, TagSpecifications };
  const { Instances: instances } = await ec2.send(new RunInstancesCommand(request));
  return instances![0]!.InstanceId!;
}

async function endInstance(InstanceId: string) {
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  return await eventually("the end of the instance", async () => {
    const { Reservations: listed } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
    const [instance] = listed![0]!.Instances!;
    return instance!.State!.Name === "terminated" ? instance : undefined;
  });
}

async function interfacesIn(SubnetId: string) {
  const Filters = [{ Name: "subnet-id", Values: [SubnetId] }];
  const { NetworkInterfaces: found } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return found!;
}

const emptied = async (SubnetId: string) =>
  await eventually("an empty subnet", async () => ((await interfacesIn(SubnetId)).length === 0 ? true : undefined));

test("an instance that comes after another does not get its address", async () => {
  const { SubnetId } = await makeNetwork();
  const addressOf = async (InstanceId: string) => {
    const { Reservations: listed } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
    return listed![0]!.Instances![0]!.PrivateIpAddress;
  };
  const former = await runInstance(SubnetId);
  const freed = await addressOf(former);
  await endInstance(former);
  await emptied(SubnetId);
  expect(freed).toMatch(/^10\.0\.0\.\d+$/);
  expect(await addressOf(await runInstance(SubnetId))).not.toBe(freed);
});

test("a terminated instance takes its own interface along, and leaves one that was attached later", async () => {
  const { SubnetId } = await makeNetwork();
  const InstanceId = await runInstance(SubnetId);
  const { NetworkInterface: second } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
  const NetworkInterfaceId = second!.NetworkInterfaceId!;
  await ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }));

  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  expect(await interfacesIn(SubnetId)).toHaveLength(2);
  await expect(ec2.send(new DeleteSubnetCommand({ SubnetId }))).rejects.toEqual(dependency);
  const ended = await endInstance(InstanceId);
  expect(ended).toMatchObject({ NetworkInterfaces: [], SecurityGroups: [] });
  expect(ended).not.toHaveProperty("PrivateIpAddress");
  expect(ended).not.toHaveProperty("SubnetId");
  expect(await interfacesIn(SubnetId)).toEqual([expect.objectContaining({ NetworkInterfaceId, Status: "available" })]);
});

test("of each node group the first node to end leaves its second interface behind", async () => {
  const { SubnetId } = await makeNetwork();
  const node = async (group: string) => {
    const tag = { Key: "eks:nodegroup-name", Value: group };
    const InstanceId = await runInstance(SubnetId, [{ Key: "eks:cluster-name", Value: "hub" }, tag]);
    const Tags = [{ Key: "node.k8s.amazonaws.com/instance_id", Value: InstanceId }];
    const TagSpecifications = [{ ResourceType: "network-interface" as const, Tags }];
    const made = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, TagSpecifications }));
    const NetworkInterfaceId = made.NetworkInterface!.NetworkInterfaceId!;
    const { AttachmentId } = await ec2.send(
      new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }),
    );
    const Attachment = { AttachmentId, DeleteOnTermination: true };
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attachment }));
    await endInstance(InstanceId);
    return NetworkInterfaceId;
  };
  const left = [await node("core"), await node("other")];
  await node("core");
  const found = await interfacesIn(SubnetId);
  expect(found.map(({ NetworkInterfaceId }) => NetworkInterfaceId).sort()).toEqual(left.sort());
  expect(found.map(({ Status }) => Status)).toEqual(["available", "available"]);
});

test("a security group stays while an interface has it or another group's rule names it", async () => {
  const { VpcId, SubnetId } = await makeNetwork();
  const [group, naming] = [await makeGroup(VpcId, "one"), await makeGroup(VpcId, "other")];
  const { NetworkInterface: made } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Groups: [group] }));
  const IpPermissions = [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: group }] }];
  for (const GroupId of [group, naming]) {
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  }
  const remove = async () => await ec2.send(new DeleteSecurityGroupCommand({ GroupId: group }));
  const refusal = { name: "DependencyViolation", message: `resource ${group} has a dependent object` };
  await expect(remove()).rejects.toMatchObject(refusal);
  await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: made!.NetworkInterfaceId }));
  await expect(remove()).rejects.toMatchObject(refusal);
  await ec2.send(new DeleteSecurityGroupCommand({ GroupId: naming }));
  await remove();
});

test("a VPC goes last, and a subnet's ties to a route table go with the subnet", async () => {
  const { VpcId, SubnetId } = await makeNetwork();
  const { RouteTable: table } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
  const RouteTableId = table!.RouteTableId!;
  await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  const GroupId = await makeGroup(VpcId, "last");
  const removeVpc = async () => await ec2.send(new DeleteVpcCommand({ VpcId }));
  await expect(removeVpc()).rejects.toEqual(dependency);
  await expect(ec2.send(new DeleteRouteTableCommand({ RouteTableId }))).rejects.toEqual(dependency);
  await ec2.send(new DeleteSubnetCommand({ SubnetId }));
  await ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
  const Filters = [{ Name: "vpc-id", Values: [VpcId] }];
  const { RouteTables: main } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
  const mainId = main![0]!.RouteTableId!;
  await expect(ec2.send(new DeleteRouteTableCommand({ RouteTableId: mainId }))).rejects.toEqual(dependency);
  await expect(removeVpc()).rejects.toEqual(dependency);
  await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  await removeVpc();
});

test("a NAT gateway holds its interface, its address and the internet gateway until it is deleted, and stays listed", async () => {
  const { VpcId, SubnetId } = await makeNetwork();
  const { InternetGateway: gateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = gateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  const { NatGateway: nat } = await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId }));
  const NatGatewayId = nat!.NatGatewayId!;
  const state = async () => {
    const { NatGateways: found } = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [NatGatewayId] }));
    return found![0]?.State;
  };
  const release = async () => await ec2.send(new ReleaseAddressCommand({ AllocationId }));
  const detach = async () => await ec2.send(new DetachInternetGatewayCommand({ VpcId, InternetGatewayId }));
  const [held] = await interfacesIn(SubnetId);
  expect(held).toMatchObject({ Description: `Interface for NAT Gateway ${NatGatewayId}`, Status: "in-use" });

  await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }));
  expect(await state()).toBe("deleting");
  await expect(release()).rejects.toMatchObject({ name: "AuthFailure" });
  const { Addresses: addresses } = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [AllocationId!] }));
  const { AssociationId } = addresses![0]!;
  await expect(ec2.send(new DisassociateAddressCommand({ AssociationId }))).rejects.toMatchObject({
    name: "AuthFailure",
  });
  const { NetworkInterfaceId, Attachment } = held!;
  await expect(ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))).rejects.toMatchObject({
    name: "InvalidParameterValue",
    message: expect.stringContaining("is currently in use") as string,
  });
  const { AttachmentId } = Attachment!;
  await expect(ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }))).rejects.toMatchObject({
    name: "OperationNotPermitted",
  });
  await expect(detach()).rejects.toMatchObject({
    name: "DependencyViolation",
    message: expect.stringContaining(`Network ${VpcId} has some mapped public address(es)`) as string,
  });
  await eventually("the end of the NAT gateway", async () => ((await state()) === "deleted" ? true : undefined));
  await release();
  await detach();
  await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
  await ec2.send(new DeleteSubnetCommand({ SubnetId }));
  expect(await state()).toBe("deleted");
});

test("an endpoint's interfaces hold its security group and subnet until it is gone", async () => {
  const { VpcId, SubnetId } = await makeNetwork();
  const GroupId = await makeGroup(VpcId, "endpoint");
  const { VpcEndpoint: endpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId,
      VpcEndpointType: "Interface",
      ServiceName: "com.amazonaws.us-east-2.guardduty-data",
      SubnetIds: [SubnetId],
      SecurityGroupIds: [GroupId],
    }),
  );
  const VpcEndpointIds = [endpoint!.VpcEndpointId!];
  await expect(ec2.send(new DeleteSecurityGroupCommand({ GroupId }))).rejects.toEqual(dependency);
  await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds }));
  const { VpcEndpoints: going } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds }));
  expect(going).toMatchObject([{ State: "deleting" }]);
  await expect(ec2.send(new DeleteSubnetCommand({ SubnetId }))).rejects.toEqual(dependency);
  await emptied(SubnetId);
  await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  await ec2.send(new DeleteSubnetCommand({ SubnetId }));
});
