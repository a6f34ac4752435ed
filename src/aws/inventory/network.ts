import {
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
  DescribeAddressesCommand,
} from "@aws-sdk/client-ec2";
import { hoursAMonth, prices } from "../../cost/prices.ts";
import { collect, filtersOf, taggedFilter, taggedOrInVpcs } from "./ec2.ts";
import { readTags, type Found } from "./resource.ts";
import { type Scope } from "./scope.ts";

export async function findVpcs({ ec2 }: Scope): Promise<Found[]> {
  const client = await ec2();
  const vpcs = await collect(
    [taggedFilter],
    (filter) => paginateDescribeVpcs({ client }, { Filters: [filter] }),
    ({ Vpcs }) => Vpcs,
    ({ VpcId }) => VpcId,
  );
  return vpcs.map(({ VpcId: id = "", Tags }) => {
    const tags = readTags(Tags);
    return { category: "vpcs", id, name: tags["Name"], tags, monthlyCost: 0 };
  });
}

export async function findSubnets(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const subnets = await collect(
    await taggedOrInVpcs(scope),
    (filter) => paginateDescribeSubnets({ client }, { Filters: [filter] }),
    ({ Subnets }) => Subnets,
    ({ SubnetId }) => SubnetId,
  );
  return subnets.map(({ SubnetId: id = "", VpcId, Tags }) => {
    const tags = readTags(Tags);
    return { category: "subnets", id, name: tags["Name"], tags, partOf: listOf(VpcId), monthlyCost: 0 };
  });
}

export async function findRouteTables(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const tables = await collect(
    await taggedOrInVpcs(scope),
    (filter) => paginateDescribeRouteTables({ client }, { Filters: [filter] }),
    ({ RouteTables }) => RouteTables,
    ({ RouteTableId }) => RouteTableId,
  );
  return tables.flatMap(({ RouteTableId: id = "", VpcId, Associations = [], Tags }) => {
    // The main one goes with its VPC, and not without it.
    if (Associations.some(({ Main }) => Main)) return [];
    const tags = readTags(Tags);
    return [{ category: "route-tables", id, name: tags["Name"], tags, partOf: listOf(VpcId), monthlyCost: 0 }];
  });
}

export async function findGateways(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const gateways = await collect(
    await taggedOrInVpcs(scope, "attachment.vpc-id"),
    (filter) => paginateDescribeInternetGateways({ client }, { Filters: [filter] }),
    ({ InternetGateways }) => InternetGateways,
    ({ InternetGatewayId }) => InternetGatewayId,
  );
  return gateways.map(({ InternetGatewayId: id = "", Attachments: [attachment] = [], Tags }) => {
    const tags = readTags(Tags);
    const vpc = attachment?.VpcId;
    return {
      category: "gateways",
      id,
      name: tags["Name"],
      tags,
      partOf: listOf(vpc),
      monthlyCost: 0,
      ...(vpc !== undefined && { facts: { vpc } }),
    };
  });
}

export async function findNatGateways(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const gateways = await collect(
    await taggedOrInVpcs(scope),
    (filter) => paginateDescribeNatGateways({ client }, { Filter: [filter] }),
    ({ NatGateways }) => NatGateways,
    ({ NatGatewayId }) => NatGatewayId,
  );
  return gateways.flatMap(({ NatGatewayId: id = "", State, VpcId, CreateTime, Tags, ...gateway }): Found[] => {
    // Shown for an hour after its end.
    if (State === "deleted") return [];
    const tags = readTags(Tags);
    const attached = gateway.NatGatewayAddresses?.[0]?.NetworkInterfaceId;
    return [
      {
        category: "nat-gateways",
        id,
        name: tags["Name"],
        created: CreateTime,
        tags,
        partOf: listOf(VpcId),
        monthlyCost: State === "failed" ? 0 : prices.natGateway.hour * hoursAMonth,
        ...(attached !== undefined && { facts: { interface: attached } }),
        ...(State === "deleting" && { going: { words: "deleting", waits: "minutes" } }),
      },
    ];
  });
}

/** Elastic IPs. Those that services hold for a while are not listed by EC2. */
export async function findElasticIps(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  // DescribeAddresses has no pages.
  const { Addresses = [] } = await client.send(new DescribeAddressesCommand({ Filters: [taggedFilter] }));
  return Addresses.map(({ AllocationId, PublicIp = "", Tags }) => {
    const tags = readTags(Tags);
    return {
      category: "elastic-ips",
      id: AllocationId ?? PublicIp,
      name: tags["Name"] ?? PublicIp,
      tags,
      monthlyCost: prices.publicAddress * hoursAMonth,
    };
  });
}

export async function findEndpoints(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const endpoints = await collect(
    await taggedOrInVpcs(scope),
    (filter) => paginateDescribeVpcEndpoints({ client }, { Filters: [filter] }),
    ({ VpcEndpoints }) => VpcEndpoints,
    ({ VpcEndpointId }) => VpcEndpointId,
  );
  return endpoints.flatMap(({ VpcEndpointId: id = "", VpcId, State, Tags, ...endpoint }): Found[] => {
    if (state(State) === "deleted") return [];
    const tags = readTags(Tags);
    const zones = endpoint.VpcEndpointType === "Gateway" ? 0 : (endpoint.SubnetIds?.length ?? 0);
    return [
      {
        category: "endpoints",
        id,
        name: tags["Name"] ?? endpoint.ServiceName,
        created: endpoint.CreationTimestamp,
        tags,
        partOf: listOf(VpcId),
        monthlyCost: zones * prices.interfaceEndpoint * hoursAMonth,
        ...(state(State) === "deleting" && { going: { words: "deleting", waits: "minutes" } }),
      },
    ];
  });
}

/**
 * Interfaces in a deployment's VPC, with its security groups or at its instances. Most belong to something else and go
 * with it; those that the CNI plugin leaves behind do not.
 */
export async function findNetworkInterfaces(scope: Scope): Promise<Found[]> {
  const client = await scope.ec2();
  const [groups, instances, gateways, targets] = await Promise.all([
    scope.found("security-groups"),
    scope.found("instances"),
    scope.found("nat-gateways"),
    scope.found("mount-targets"),
  ]);
  const inUse = new Set([...gateways, ...targets].map(({ facts }) => facts?.["interface"]));
  const interfaces = await collect(
    [
      ...(await taggedOrInVpcs(scope)),
      ...filtersOf("group-id", groups),
      ...filtersOf("attachment.instance-id", instances),
    ],
    (filter) => paginateDescribeNetworkInterfaces({ client }, { Filters: [filter] }),
    ({ NetworkInterfaces }) => NetworkInterfaces,
    ({ NetworkInterfaceId }) => NetworkInterfaceId,
  );
  return interfaces.map(
    ({ NetworkInterfaceId: id = "", VpcId, Description, TagSet, Attachment, Groups = [], ...one }) => {
      const tags = readTags(TagSet);
      // Somebody else's interface may well have one of our groups in a VPC that is not ours: then the group decides nothing.
      const isInUse = one.Status === "in-use" || one.RequesterManaged === true || inUse.has(id);
      return {
        category: "network-interfaces",
        id,
        name: tags["Name"] ?? (Description === "" ? undefined : Description),
        tags,
        partOf: [
          ...listOf(VpcId),
          ...listOf(Attachment?.InstanceId),
          ...(isInUse ? [] : Groups.flatMap(({ GroupId }) => listOf(GroupId))),
        ],
        monthlyCost: 0,
        facts: {
          status: isInUse ? "in-use" : "available",
          subnet: one.SubnetId ?? "",
          groups: Groups.flatMap(({ GroupId }) => listOf(GroupId)).join(" "),
          description: Description ?? "",
          instance: Attachment?.InstanceId ?? "",
        },
      };
    },
  );
}

/** EC2's own model writes states of endpoints with a capital letter, and EC2 without. */
function state(value: string | undefined): string | undefined {
  return value?.toLowerCase();
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
