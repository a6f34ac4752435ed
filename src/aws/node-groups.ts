import { DescribeNodegroupCommand, ListNodegroupsCommand, UpdateNodegroupConfigCommand } from "@aws-sdk/client-eks";
import type { AwsClients } from "./clients.ts";
import type { Scaling } from "./pause.ts";

export interface NodeGroup {
  name: string;
  /** "ACTIVE", "UPDATING", … */
  status: string;
  scaling: Scaling;
}

/** The managed node groups of a cluster. */
export async function listNodeGroups(aws: AwsClients, clusterName: string): Promise<NodeGroup[]> {
  // A cluster has one, or two while one takes the other's place.
  const { nodegroups = [] } = await aws.eks.send(new ListNodegroupsCommand({ clusterName }));
  return Promise.all(nodegroups.map((name) => describeNodeGroup(aws, clusterName, name)));
}

async function describeNodeGroup(aws: AwsClients, clusterName: string, nodegroupName: string): Promise<NodeGroup> {
  const { nodegroup } = await aws.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
  const { minSize: min = 0, maxSize: max = 0, desiredSize: desired = 0 } = nodegroup?.scalingConfig ?? {};
  return { name: nodegroupName, status: nodegroup?.status ?? "?", scaling: { min, max, desired } };
}

export async function scaleNodeGroup(
  aws: AwsClients,
  clusterName: string,
  nodegroupName: string,
  { min: minSize, max: maxSize, desired: desiredSize }: Scaling,
): Promise<void> {
  const scalingConfig = { minSize, maxSize, desiredSize };
  await aws.eks.send(new UpdateNodegroupConfigCommand({ clusterName, nodegroupName, scalingConfig }));
}
