import { DescribeNodegroupCommand } from "@aws-sdk/client-eks";
import type { AwsClients } from "./clients.ts";
import { describeCluster } from "./cluster.ts";

/** How the creation of the cluster or its core node group stands, when nobody has waited for its end. */
export type CreationState = "under way" | "failed" | "ended";

export async function clusterCreation(aws: AwsClients, name: string): Promise<CreationState> {
  return stateOf((await describeCluster(aws, name))?.status);
}

export async function nodeGroupCreation(aws: AwsClients, clusterName: string): Promise<CreationState> {
  try {
    const answer = await aws.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName: "core" }));
    return stateOf(answer.nodegroup?.status);
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return "failed";
    throw error;
  }
}

function stateOf(status: string | undefined): CreationState {
  // What is being deleted is waited for too: it ends as gone.
  if (status === "CREATING" || status === "DELETING") return "under way";
  // Gone is as good as failed: there is nothing to keep.
  return status === undefined || status === "FAILED" || status === "CREATE_FAILED" ? "failed" : "ended";
}
