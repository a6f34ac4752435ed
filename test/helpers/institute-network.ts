import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  ModifyVpcAttributeCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";

export interface InstituteNetwork {
  id: string;
  nodeSubnets: string[];
  loadBalancerSubnets: string[];
}

/** A VPC as an institute gives it: private subnets of two zones with a way out, and public ones. */
export async function makeInstituteNetwork(ec2: EC2Client): Promise<InstituteNetwork> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.20.0.0/16" }));
  const VpcId = Vpc!.VpcId!;
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
  const subnet = async (zone: string, number: number) => {
    const place = { VpcId, AvailabilityZone: `us-east-2${zone}`, CidrBlock: `10.20.${number * 4}.0/22` };
    const { Subnet } = await ec2.send(new CreateSubnetCommand(place));
    return Subnet!.SubnetId!;
  };
  const table = async (subnets: string[], wayOut: { GatewayId: string } | { NatGatewayId: string }) => {
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const RouteTableId = RouteTable!.RouteTableId!;
    await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", ...wayOut }));
    for (const SubnetId of subnets) await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  };
  const nodeSubnets = [await subnet("a", 1), await subnet("b", 2)];
  const loadBalancerSubnets = [await subnet("a", 8), await subnet("b", 9)];
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const GatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId: GatewayId }));
  await table(loadBalancerSubnets, { GatewayId });
  const [SubnetId] = loadBalancerSubnets;
  const { NatGateway } = await ec2.send(new CreateNatGatewayCommand({ SubnetId, ConnectivityType: "private" }));
  await table(nodeSubnets, { NatGatewayId: NatGateway!.NatGatewayId! });
  return { id: VpcId, nodeSubnets, loadBalancerSubnets };
}
