import { DescribeClusterCommand, ResourceNotFoundException, type Cluster, type EKSClient } from "@aws-sdk/client-eks";
import { eventually } from "./eventually.ts";

/** Waits until a deployment's own cluster is being created. */
export function clusterInTheMaking(eks: EKSClient, name: string): Promise<Cluster> {
  return eventually("the EKS cluster to be in the making", async () => {
    const cluster = await describe(eks, name);
    return cluster?.tags?.["hubctl:deployment"] === name && cluster;
  });
}

async function describe(eks: EKSClient, name: string): Promise<Cluster | undefined> {
  try {
    return (await eks.send(new DescribeClusterCommand({ name }))).cluster;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
