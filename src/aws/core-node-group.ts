import { DescribeNodegroupCommand, ListNodegroupsCommand, type Nodegroup } from "@aws-sdk/client-eks";
import type { AwsClients } from "./clients.ts";

/** The node groups of the core nodes, newest first: two while one replaces the other, none without a cluster. */
export async function describeCoreNodeGroups(aws: AwsClients, clusterName: string): Promise<Nodegroup[]> {
  try {
    const { nodegroups = [] } = await aws.eks.send(new ListNodegroupsCommand({ clusterName }));
    const core = nodegroups.filter((name) => name === "core" || name.startsWith("core-"));
    const found = await Promise.all(
      core.map(async (nodegroupName) => {
        const { nodegroup } = await aws.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
        return nodegroup ?? [];
      }),
    );
    return found.flat().sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return [];
    throw error;
  }
}
