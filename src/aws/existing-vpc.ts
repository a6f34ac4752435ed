import type { EC2Client, RouteTable, Subnet } from "@aws-sdk/client-ec2";
import type { ExistingVpc, HubConfig } from "../config/hub-config.ts";
import { UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { holdsControlPlane, zonesOffering, type Zones } from "./zones.ts";

/** The least free addresses: EKS asks for 6, better 16 (network-reqs.html of its user guide); a load balancer for 8. */
const leastAddresses = { nodes: 16, loadBalancer: 8 };

/**
 * Zones of the node subnets of a VPC that exists, in the subnets' order. UserError ExistingVpcUnfit with everything
 * because of which the hub could not be installed there.
 */
export async function zonesOfExistingVpc(aws: AwsClients, config: HubConfig, vpc: ExistingVpc): Promise<Zones> {
  const { instanceType } = config.cluster.coreNodes;
  const ec2 = await aws.ec2();
  const ids = [...new Set([...vpc.nodeSubnets, ...vpc.loadBalancerSubnets])];
  const [ofVpc, subnets, routeTables, offering] = await Promise.all([
    vpcProblems(ec2, vpc.id),
    describeSubnets(ec2, ids),
    describeRouteTables(ec2, vpc.id),
    zonesOffering(aws, instanceType),
  ]);
  // Of what is missing or elsewhere nothing more can be said.
  const usable = (id: string) => (subnets.get(id)?.VpcId === vpc.id ? (subnets.get(id) ?? []) : []);
  const nodes = vpc.nodeSubnets.flatMap(usable);
  const balancer = vpc.loadBalancerSubnets.flatMap(usable);
  const route = (subnet: Subnet) => defaultRoute(subnet, routeTables);
  const zones = distinctZones(nodes);
  const [core] = nodes;
  const complete = nodes.length === vpc.nodeSubnets.length;
  const problems = [
    ...ofVpc,
    ...ids.flatMap((id) => placeProblems(id, subnets.get(id), vpc.id, aws.region)),
    ...nodes.flatMap((subnet) => nodeSubnetProblems(subnet, route(subnet))),
    ...(complete && zones.length < 2
      ? [
          `the node subnets are all in ${zones[0]?.name ?? "one zone"}: EKS needs two zones, add a subnet of another one`,
        ]
      : []),
    ...(core && complete && !offering.has(zoneId(core))
      ? [
          `${named(core)} is the core nodes' as the first one, but its zone does not offer ${instanceType}: put another subnet first, or choose another instance type for the core nodes`,
        ]
      : []),
    ...balancer.flatMap((subnet) => balancerSubnetProblems(subnet, route(subnet), config.network.internal)),
    ...(balancer.length === vpc.loadBalancerSubnets.length ? balancerZoneProblems(balancer, core) : []),
  ];
  if (problems.length === 0) return zones;
  throw new UserError("ExistingVpcUnfit", `the hub can't be installed in the VPC ${vpc.id} as it is`, {
    output: problems.join("\n"),
    hint: "correct network.existingVpc in the configuration, or the VPC, then run it again",
  });
}

async function vpcProblems(ec2: EC2Client, VpcId: string): Promise<string[]> {
  const { DescribeVpcAttributeCommand } = await import("@aws-sdk/client-ec2");
  try {
    const [support, names] = await Promise.all([
      ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: "enableDnsSupport" })),
      ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: "enableDnsHostnames" })),
    ]);
    return [
      ...(support.EnableDnsSupport?.Value === true ? [] : [withoutDns(VpcId, "support")]),
      ...(names.EnableDnsHostnames?.Value === true ? [] : [withoutDns(VpcId, "hostnames")]),
    ];
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith("InvalidVpcID.")) throw error;
    const region = await ec2.config.region();
    return [`there is no VPC ${VpcId} in ${region}: aws ec2 describe-vpcs --region ${region} lists those there are`];
  }
}

function withoutDns(id: string, what: "support" | "hostnames"): string {
  return `the VPC has no DNS ${what}, which EKS and EFS need: aws ec2 modify-vpc-attribute --vpc-id ${id} --enable-dns-${what}`;
}

/** By id. Asked by filter, since the call as such would fail with the first id that is wrong. */
async function describeSubnets(ec2: EC2Client, ids: string[]): Promise<Map<string, Subnet>> {
  const { DescribeSubnetsCommand } = await import("@aws-sdk/client-ec2");
  const { Subnets: found = [] } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: "subnet-id", Values: ids }] }),
  );
  return new Map(found.map((subnet) => [subnet.SubnetId ?? "", subnet]));
}

async function describeRouteTables(ec2: EC2Client, vpcId: string): Promise<RouteTable[]> {
  const { paginateDescribeRouteTables } = await import("@aws-sdk/client-ec2");
  const tables: RouteTable[] = [];
  const filters = [{ Name: "vpc-id", Values: [vpcId] }];
  for await (const page of paginateDescribeRouteTables({ client: ec2 }, { Filters: filters })) {
    tables.push(...(page.RouteTables ?? []));
  }
  return tables;
}

type Way = "none" | "broken" | "internet gateway" | "other";

/** Where a subnet's table, or else the VPC's main one, sends what is not for the VPC. */
function defaultRoute({ SubnetId }: Subnet, tables: readonly RouteTable[]): Way {
  const own = tables.find(({ Associations: of = [] }) => of.some((association) => association.SubnetId === SubnetId));
  const main = tables.find(({ Associations: of = [] }) => of.some((association) => association.Main === true));
  const route = (own ?? main)?.Routes?.find(({ DestinationCidrBlock }) => DestinationCidrBlock === "0.0.0.0/0");
  if (!route) return "none";
  if (route.State === "blackhole") return "broken";
  return route.GatewayId?.startsWith("igw-") ? "internet gateway" : "other";
}

function placeProblems(id: string, subnet: Subnet | undefined, vpcId: string, region: string): string[] {
  if (!subnet) return [`there is no subnet ${id} in ${region}: aws ec2 describe-subnets --region ${region} lists all`];
  if (subnet.VpcId === vpcId) return [];
  return [`${named(subnet)} is in the VPC ${subnet.VpcId ?? "?"}, not in ${vpcId}`];
}

function nodeSubnetProblems(subnet: Subnet, way: Way): string[] {
  return [
    ...(holdsControlPlane(zoneId(subnet))
      ? []
      : [`${named(subnet)} is in ${zoneId(subnet)}, which can't hold EKS' control plane: choose one of another zone`]),
    ...addressProblems(subnet, leastAddresses.nodes),
    ...wayOutProblems(subnet, way),
  ];
}

function wayOutProblems(subnet: Subnet, way: Way): string[] {
  const remedy = "nodes must reach AWS and image registries: add a route for 0.0.0.0/0 to a NAT or transit gateway";
  switch (way) {
    case "none":
      return [`${named(subnet)} has no way out; ${remedy}`];
    case "broken":
      return [`the way out of ${named(subnet)} leads to something that is gone; ${remedy}`];
    case "internet gateway":
      if (subnet.MapPublicIpOnLaunch === true) return [];
      return [
        `${named(subnet)} is a public subnet that gives out no public addresses, so nodes in it have no way out: choose a private one`,
      ];
    case "other":
      return [];
  }
}

function balancerSubnetProblems(subnet: Subnet, way: Way, internal: boolean): string[] {
  return [
    ...addressProblems(subnet, leastAddresses.loadBalancer),
    ...(internal || way === "internet gateway"
      ? []
      : [
          `${named(subnet)} has no route to an internet gateway, so the load balancer would not be reached there: choose a public subnet, or set network.internal: true`,
        ]),
  ];
}

/** A load balancer has one subnet in a zone, and sends nothing to zones in which it has none. */
function balancerZoneProblems(subnets: readonly Subnet[], core: Subnet | undefined): string[] {
  const zones = subnets.map(zoneId);
  const twice = subnets.filter((subnet, index) => zones.indexOf(zoneId(subnet)) !== index);
  return [
    ...twice.map(
      (subnet) =>
        `${named(subnet)} is the load balancer's second one in ${subnet.AvailabilityZone ?? "?"}: leave it out, a load balancer takes one subnet of a zone`,
    ),
    ...(core && !zones.includes(zoneId(core))
      ? [
          `the load balancer has no subnet in ${core.AvailabilityZone ?? "?"}, where the core nodes are: add one, or begin nodeSubnets with one of another zone`,
        ]
      : []),
  ];
}

function addressProblems(subnet: Subnet, least: number): string[] {
  const free = subnet.AvailableIpAddressCount ?? 0;
  if (free >= least) return [];
  return [`${named(subnet)} has ${free} free addresses, at least ${least} are needed: choose a larger one`];
}

function distinctZones(subnets: readonly Subnet[]): Zones {
  const names = new Map(subnets.map((subnet) => [zoneId(subnet), subnet.AvailabilityZone ?? ""]));
  return [...names].map(([id, name]) => ({ id, name }));
}

function zoneId({ AvailabilityZoneId }: Subnet): string {
  return AvailabilityZoneId ?? "";
}

function named({ SubnetId, CidrBlock, AvailabilityZone }: Subnet): string {
  return `the subnet ${SubnetId ?? "?"} (${CidrBlock ?? "no IPv4 range"}, ${AvailabilityZone ?? "?"})`;
}
