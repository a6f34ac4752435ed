import type { AwsClients } from "./clients.ts";
import { describeCluster } from "./cluster.ts";
import { describeCoreNodeGroups } from "./core-node-group.ts";

/** How the creation of the cluster or its core node group stands, when nobody has waited for its end. */
export type CreationState = "under way" | "failed" | "ended";

export async function clusterCreation(aws: AwsClients, name: string): Promise<CreationState> {
  return stateOf((await describeCluster(aws, name))?.status);
}

export async function nodeGroupCreation(aws: AwsClients, clusterName: string): Promise<CreationState> {
  const [newest] = await describeCoreNodeGroups(aws, clusterName);
  return stateOf(newest?.status);
}

function stateOf(status: string | undefined): CreationState {
  // What is being deleted is waited for too: it ends as gone.
  if (status === "CREATING" || status === "DELETING") return "under way";
  // Gone is as good as failed: there is nothing to keep.
  return status === undefined || status === "FAILED" || status === "CREATE_FAILED" ? "failed" : "ended";
}
