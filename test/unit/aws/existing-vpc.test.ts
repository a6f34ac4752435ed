import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  EC2Client,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, expect, test } from "vitest";
import { createClients } from "../../../src/aws/clients.ts";
import { zonesOfExistingVpc } from "../../../src/aws/existing-vpc.ts";
import type { HubConfig } from "../../../src/config/hub-config.ts";
import { UserError } from "../../../src/errors.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

const ec2 = mockClient(EC2Client);
const aws = createClients("us-east-1");
const vpc = "vpc-1";
const existing = {
  id: vpc,
  nodeSubnets: ["subnet-b1", "subnet-b2", "subnet-a1"],
  loadBalancerSubnets: ["subnet-b9", "subnet-a9"],
};

/** "subnet-b1" is in zone b; those that end with 9 are public. */
function subnet(SubnetId: string, changes: Subnet = {}): Subnet {
  const zone = SubnetId.charAt(7);
  return {
    SubnetId,
    VpcId: vpc,
    CidrBlock: "10.0.0.0/24",
    AvailabilityZone: `us-east-1${zone}`,
    AvailabilityZoneId: `use1-az${"abcdef".indexOf(zone) + 1}`,
    AvailableIpAddressCount: 200,
    MapPublicIpOnLaunch: false,
    ...changes,
  };
}

function routes(toPublic = "igw-1", toPrivate: object = { NatGatewayId: "nat-1", State: "active" }) {
  const local = { DestinationCidrBlock: "10.0.0.0/16", GatewayId: "local" };
  return {
    RouteTables: [
      {
        Associations: [{ Main: true }],
        Routes: [local, { DestinationCidrBlock: "0.0.0.0/0", ...toPrivate }],
      },
      {
        Associations: [{ SubnetId: "subnet-a9" }, { SubnetId: "subnet-b9" }],
        Routes: [local, { DestinationCidrBlock: "0.0.0.0/0", GatewayId: toPublic, State: "active" as const }],
      },
    ],
  };
}

function find(...subnets: Subnet[]) {
  ec2.on(DescribeSubnetsCommand).callsFake((input: { Filters: { Values: string[] }[] }) => ({
    Subnets: subnets.filter(({ SubnetId = "" }) => input.Filters[0]?.Values.includes(SubnetId)),
  }));
}

function setDns(support: boolean, names: boolean) {
  ec2.on(DescribeVpcAttributeCommand, { Attribute: "enableDnsSupport" }).resolves({
    EnableDnsSupport: { Value: support },
  });
  ec2.on(DescribeVpcAttributeCommand, { Attribute: "enableDnsHostnames" }).resolves({
    EnableDnsHostnames: { Value: names },
  });
}

function hub(internal = false): HubConfig {
  const { config } = releaseInputs();
  return { ...config, network: { ...config.network, internal } };
}

async function problems(changes: Partial<typeof existing> = {}, config = hub()): Promise<string[]> {
  const error: unknown = await zonesOfExistingVpc(aws, config, { ...existing, ...changes }).catch(
    (cause: unknown) => cause,
  );
  if (!(error instanceof UserError)) throw new Error(`expected a UserError, not ${JSON.stringify(error)}`);
  expect(error.code).toBe("ExistingVpcUnfit");
  return error.output?.split("\n") ?? [];
}

beforeEach(() => {
  ec2.reset();
  setDns(true, true);
  find(...[...existing.nodeSubnets, ...existing.loadBalancerSubnets, "subnet-a2"].map((id) => subnet(id)));
  ec2.on(DescribeRouteTablesCommand).resolves(routes());
  ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({
    InstanceTypeOfferings: ["use1-az1", "use1-az2"].map((Location) => ({ Location })),
  });
});

test("the zones are those of the node subnets, in their order, each once", async () => {
  expect(await zonesOfExistingVpc(aws, hub(), existing)).toEqual([
    { id: "use1-az2", name: "us-east-1b" },
    { id: "use1-az1", name: "us-east-1a" },
  ]);
});

test("all that is wrong is said at once, each with what to do", async () => {
  setDns(false, false);
  find(
    subnet("subnet-b1", { AvailableIpAddressCount: 15 }),
    subnet("subnet-b2", { VpcId: "vpc-2" }),
    subnet("subnet-b9", { AvailableIpAddressCount: 7 }),
  );
  expect(await problems()).toEqual([
    "the VPC has no DNS support, which EKS and EFS need: aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-support",
    "the VPC has no DNS hostnames, which EKS and EFS need: aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames",
    "the subnet subnet-b2 (10.0.0.0/24, us-east-1b) is in the VPC vpc-2, not in vpc-1",
    "there is no subnet subnet-a1 in us-east-1: aws ec2 describe-subnets --region us-east-1 lists all",
    "there is no subnet subnet-a9 in us-east-1: aws ec2 describe-subnets --region us-east-1 lists all",
    "the subnet subnet-b1 (10.0.0.0/24, us-east-1b) has 15 free addresses, at least 16 are needed: choose a larger one",
    "the subnet subnet-b9 (10.0.0.0/24, us-east-1b) has 7 free addresses, at least 8 are needed: choose a larger one",
  ]);
});

test("a VPC that is not there is said beside what is known of the subnets", async () => {
  const missing = Object.assign(new Error("no"), { name: "InvalidVpcID.NotFound" });
  ec2.on(DescribeVpcAttributeCommand).rejects(missing);
  find(...existing.nodeSubnets.map((id) => subnet(id, { VpcId: "vpc-2" })));
  const said = await problems({ loadBalancerSubnets: existing.nodeSubnets });
  expect(said[0]).toBe(
    "there is no VPC vpc-1 in us-east-1: aws ec2 describe-vpcs --region us-east-1 lists those there are",
  );
  expect(said.slice(1)).toEqual(
    existing.nodeSubnets.map((id) => expect.stringMatching(`${id} .* is in the VPC vpc-2, not in vpc-1`) as string),
  );
});

test("another refusal of AWS is not taken for a missing VPC", async () => {
  ec2.on(DescribeVpcAttributeCommand).rejects(Object.assign(new Error("no"), { name: "UnauthorizedOperation" }));
  await expect(zonesOfExistingVpc(aws, hub(), existing)).rejects.toMatchObject({ name: "UnauthorizedOperation" });
});

test("node subnets must be in two zones", async () => {
  expect(await problems({ nodeSubnets: ["subnet-b1", "subnet-b2"] })).toEqual([
    "the node subnets are all in us-east-1b: EKS needs two zones, add a subnet of another one",
  ]);
});

test.each([
  { what: "no default route", to: { DestinationCidrBlock: "10.1.0.0/16" }, says: "has no way out; nodes must reach" },
  { what: "a route to a deleted gateway", to: { NatGatewayId: "nat-1", State: "blackhole" }, says: "is gone" },
  { what: "an internet gateway but no addresses", to: { GatewayId: "igw-1" }, says: "choose a private one" },
])("nodes need a way out: $what", async ({ to, says }) => {
  ec2.on(DescribeRouteTablesCommand).resolves(routes("igw-1", to));
  const said = await problems();
  expect(said).toHaveLength(3);
  for (const line of said) expect(line).toContain(says);
});

test("public subnets that give out addresses, and transit gateways, are ways out", async () => {
  ec2.on(DescribeRouteTablesCommand).resolves(routes("igw-1", { TransitGatewayId: "tgw-1", State: "active" }));
  await expect(zonesOfExistingVpc(aws, hub(), existing)).resolves.toHaveLength(2);
  find(...["subnet-b9", "subnet-a9"].map((id) => subnet(id, { MapPublicIpOnLaunch: true })));
  const nodeSubnets = ["subnet-b9", "subnet-a9"];
  await expect(zonesOfExistingVpc(aws, hub(), { ...existing, nodeSubnets })).resolves.toHaveLength(2);
});

test("the load balancer's subnets are public, unless it is internal", async () => {
  ec2.on(DescribeRouteTablesCommand).resolves(routes("vgw-1"));
  const said = await problems();
  expect(said).toHaveLength(2);
  expect(said[0]).toContain("choose a public subnet, or set network.internal: true");
  await expect(zonesOfExistingVpc(aws, hub(true), existing)).resolves.toHaveLength(2);
});

test("the load balancer has one subnet of a zone, and one in the core nodes' zone", async () => {
  const config = hub(true);
  expect(await problems({ loadBalancerSubnets: ["subnet-a1", "subnet-a2"] }, config)).toEqual([
    "the subnet subnet-a2 (10.0.0.0/24, us-east-1a) is the load balancer's second one in us-east-1a: leave it out, a load balancer takes one subnet of a zone",
    "the load balancer has no subnet in us-east-1b, where the core nodes are: add one, or begin nodeSubnets with one of another zone",
  ]);
});

test("the first subnet's zone must offer the core nodes' instance type", async () => {
  ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({ InstanceTypeOfferings: [{ Location: "use1-az1" }] });
  expect(await problems()).toEqual([expect.stringContaining("its zone does not offer m6i.large") as string]);
});

test.each(["use1-az3", "use1-bos1-az1", "use1-wl1-bos-wlz1"])("the control plane can't be in %s", async (zone) => {
  find(
    ...[...existing.nodeSubnets, ...existing.loadBalancerSubnets].map((id) =>
      subnet(id, id === "subnet-a1" ? { AvailabilityZoneId: zone } : {}),
    ),
  );
  expect(await problems()).toEqual([
    expect.stringContaining(`is in ${zone}, which can't hold EKS' control plane`) as string,
  ]);
});
