import {
  DescribeAddressesCommand,
  DescribeImagesCommand,
  DescribeKeyPairsCommand,
  EC2Client,
  paginateDescribeCarrierGateways,
  paginateDescribeDhcpOptions,
  paginateDescribeEgressOnlyInternetGateways,
  paginateDescribeFlowLogs,
  paginateDescribeInstances,
  paginateDescribeInternetGateways,
  paginateDescribeLaunchTemplates,
  paginateDescribeLaunchTemplateVersions,
  paginateDescribeManagedPrefixLists,
  paginateDescribeNatGateways,
  paginateDescribeNetworkAcls,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroupRules,
  paginateDescribeSecurityGroups,
  paginateDescribeSnapshots,
  paginateDescribeSpotInstanceRequests,
  paginateDescribeSubnets,
  paginateDescribeVolumes,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
  paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import { collect, mapEach, type Listed, type Listing } from "./listing.ts";

/** A listing of EC2's, whose items carry their id. */
function listing<Page, Item>(
  pagesOf: (client: EC2Client) => AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
  idOf: (item: Item) => string | undefined,
): Listing {
  return async (settings) => {
    const client = new EC2Client(settings);
    const items = await collect(pagesOf(client), itemsOf);
    client.destroy();
    return items.map((item): Listed => [idOf(item) ?? "", item]);
  };
}

export const ec2Listings: Record<string, Listing> = {
  "elastic IP": listing(
    async function* (client) {
      yield await client.send(new DescribeAddressesCommand({}));
    },
    ({ Addresses }) => Addresses,
    ({ AllocationId, PublicIp }) => AllocationId ?? PublicIp,
  ),
  image: listing(
    async function* (client) {
      yield await client.send(new DescribeImagesCommand({ Owners: ["self"] }));
    },
    ({ Images }) => Images,
    ({ ImageId }) => ImageId,
  ),
  "key pair": listing(
    async function* (client) {
      yield await client.send(new DescribeKeyPairsCommand({}));
    },
    ({ KeyPairs }) => KeyPairs,
    ({ KeyPairId }) => KeyPairId,
  ),
  vpc: listing(
    (client) => paginateDescribeVpcs({ client }, {}),
    ({ Vpcs }) => Vpcs,
    ({ VpcId }) => VpcId,
  ),
  subnet: listing(
    (client) => paginateDescribeSubnets({ client }, {}),
    ({ Subnets }) => Subnets,
    ({ SubnetId }) => SubnetId,
  ),
  "route table": listing(
    (client) => paginateDescribeRouteTables({ client }, {}),
    ({ RouteTables }) => RouteTables,
    ({ RouteTableId }) => RouteTableId,
  ),
  "network ACL": listing(
    (client) => paginateDescribeNetworkAcls({ client }, {}),
    ({ NetworkAcls }) => NetworkAcls,
    ({ NetworkAclId }) => NetworkAclId,
  ),
  "DHCP options": listing(
    (client) => paginateDescribeDhcpOptions({ client }, {}),
    ({ DhcpOptions }) => DhcpOptions,
    ({ DhcpOptionsId }) => DhcpOptionsId,
  ),
  "internet gateway": listing(
    (client) => paginateDescribeInternetGateways({ client }, {}),
    ({ InternetGateways }) => InternetGateways,
    ({ InternetGatewayId }) => InternetGatewayId,
  ),
  "egress-only gateway": listing(
    (client) => paginateDescribeEgressOnlyInternetGateways({ client }, {}),
    ({ EgressOnlyInternetGateways }) => EgressOnlyInternetGateways,
    ({ EgressOnlyInternetGatewayId }) => EgressOnlyInternetGatewayId,
  ),
  "carrier gateway": listing(
    (client) => paginateDescribeCarrierGateways({ client }, {}),
    ({ CarrierGateways }) => CarrierGateways,
    ({ CarrierGatewayId }) => CarrierGatewayId,
  ),
  "NAT gateway": listing(
    (client) => paginateDescribeNatGateways({ client }, {}),
    ({ NatGateways }) => NatGateways,
    ({ NatGatewayId }) => NatGatewayId,
  ),
  "VPC endpoint": listing(
    (client) => paginateDescribeVpcEndpoints({ client }, {}),
    ({ VpcEndpoints }) => VpcEndpoints,
    ({ VpcEndpointId }) => VpcEndpointId,
  ),
  peering: listing(
    (client) => paginateDescribeVpcPeeringConnections({ client }, {}),
    ({ VpcPeeringConnections }) => VpcPeeringConnections,
    ({ VpcPeeringConnectionId }) => VpcPeeringConnectionId,
  ),
  "prefix list": listing(
    (client) => paginateDescribeManagedPrefixLists({ client }, {}),
    ({ PrefixLists }) => PrefixLists,
    ({ PrefixListId }) => PrefixListId,
  ),
  "flow log": listing(
    (client) => paginateDescribeFlowLogs({ client }, {}),
    ({ FlowLogs }) => FlowLogs,
    ({ FlowLogId }) => FlowLogId,
  ),
  "security group": listing(
    (client) => paginateDescribeSecurityGroups({ client }, {}),
    ({ SecurityGroups }) => SecurityGroups,
    ({ GroupId }) => GroupId,
  ),
  "security group rule": listing(
    (client) => paginateDescribeSecurityGroupRules({ client }, {}),
    ({ SecurityGroupRules }) => SecurityGroupRules,
    ({ SecurityGroupRuleId }) => SecurityGroupRuleId,
  ),
  "network interface": listing(
    (client) => paginateDescribeNetworkInterfaces({ client }, {}),
    ({ NetworkInterfaces }) => NetworkInterfaces,
    ({ NetworkInterfaceId }) => NetworkInterfaceId,
  ),
  instance: listing(
    (client) => paginateDescribeInstances({ client }, {}),
    ({ Reservations }) => Reservations?.flatMap(({ Instances = [] }) => Instances),
    ({ InstanceId }) => InstanceId,
  ),
  "spot request": listing(
    (client) => paginateDescribeSpotInstanceRequests({ client }, {}),
    ({ SpotInstanceRequests }) => SpotInstanceRequests,
    ({ SpotInstanceRequestId }) => SpotInstanceRequestId,
  ),
  volume: listing(
    (client) => paginateDescribeVolumes({ client }, {}),
    ({ Volumes }) => Volumes,
    ({ VolumeId }) => VolumeId,
  ),
  snapshot: listing(
    (client) => paginateDescribeSnapshots({ client }, { OwnerIds: ["self"] }),
    ({ Snapshots }) => Snapshots,
    ({ SnapshotId }) => SnapshotId,
  ),
  "launch template": async (settings) => {
    const client = new EC2Client(settings);
    const templates = await collect(
      paginateDescribeLaunchTemplates({ client }, {}),
      ({ LaunchTemplates }) => LaunchTemplates,
    );
    return await mapEach(templates, async ({ LaunchTemplateId = "", ...template }): Promise<Listed> => {
      const versions = paginateDescribeLaunchTemplateVersions({ client }, { LaunchTemplateId });
      return [
        LaunchTemplateId,
        { ...template, versions: await collect(versions, ({ LaunchTemplateVersions }) => LaunchTemplateVersions) },
      ];
    });
  },
};
