import {
  DeleteInternetGatewayCommand,
  DeleteLaunchTemplateCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  paginateDescribeSecurityGroupRules,
  ReleaseAddressCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  TerminateInstancesCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import type { Resource } from "./resource.ts";

type Delete = (ec2: EC2Client, resource: Resource) => Promise<unknown>;

/** How each kind of thing of EC2's is deleted. */
export const ec2Deletions = {
  instances: (ec2, { id }) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
  "launch-templates": (ec2, { id }) => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
  volumes: (ec2, { id }) => ec2.send(new DeleteVolumeCommand({ VolumeId: id })),
  snapshots: (ec2, { id }) => ec2.send(new DeleteSnapshotCommand({ SnapshotId: id })),
  "network-interfaces": (ec2, { id }) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
  "elastic-ips": (ec2, { id }) => ec2.send(new ReleaseAddressCommand({ AllocationId: id })),
  "nat-gateways": (ec2, { id }) => ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: id })),
  endpoints: deleteEndpoint,
  "security-groups": deleteGroup,
  "security-group-rules": (ec2, { id, facts = {} }) => revoke(ec2, facts["group"] ?? "", [id], facts["direction"]),
  subnets: (ec2, { id }) => ec2.send(new DeleteSubnetCommand({ SubnetId: id })),
  "route-tables": (ec2, { id }) => ec2.send(new DeleteRouteTableCommand({ RouteTableId: id })),
  gateways: deleteGateway,
  vpcs: (ec2, { id }) => ec2.send(new DeleteVpcCommand({ VpcId: id })),
} satisfies Record<string, Delete>;

async function deleteEndpoint(ec2: EC2Client, { id }: Resource): Promise<void> {
  const { Unsuccessful = [] } = await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }));
  // The call itself succeeds in any case.
  const refused = Unsuccessful[0]?.Error;
  if (refused) throw Object.assign(new Error(refused.Message), { name: refused.Code ?? "Unsuccessful" });
}

async function deleteGateway(ec2: EC2Client, { id, facts }: Resource): Promise<void> {
  const vpc = facts?.["vpc"];
  if (vpc !== undefined) await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpc }));
  await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id }));
}

/** Two groups whose rules name each other can't be deleted in any order, so those rules go first. */
async function deleteGroup(ec2: EC2Client, { id }: Resource): Promise<void> {
  const filters = { Filters: [{ Name: "group-id", Values: [id] }] };
  for await (const { SecurityGroupRules = [] } of paginateDescribeSecurityGroupRules({ client: ec2 }, filters)) {
    const naming = SecurityGroupRules.filter(({ ReferencedGroupInfo }) => ReferencedGroupInfo?.GroupId);
    for (const direction of ["ingress", "egress"]) {
      const rules = naming.filter(({ IsEgress }) => (IsEgress ? "egress" : "ingress") === direction);
      const ids = rules.flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
      if (ids.length > 0) await revoke(ec2, id, ids, direction);
    }
  }
  await ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }));
}

async function revoke(ec2: EC2Client, GroupId: string, rules: string[], direction: string | undefined): Promise<void> {
  const request = { GroupId, SecurityGroupRuleIds: rules };
  if (direction === "egress") await ec2.send(new RevokeSecurityGroupEgressCommand(request));
  else await ec2.send(new RevokeSecurityGroupIngressCommand(request));
}
