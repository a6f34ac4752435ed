import { DescribeClusterCommand, type Cluster } from "@aws-sdk/client-eks";
import { UserError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import type { Login } from "./login.ts";

export async function describeCluster(aws: AwsClients, name: string): Promise<Cluster | undefined> {
  try {
    return (await aws.eks.send(new DescribeClusterCommand({ name }))).cluster;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/** A cluster of that name that is not this deployment's is refused: adopting it could destroy somebody's work. */
export function refuseForeignCluster(cluster: Cluster | undefined, deploymentId: string | undefined): void {
  if (!cluster) return;
  const id = cluster.tags?.["hubctl:id"];
  if (id !== undefined && id === deploymentId) return;
  const owner = id === undefined ? "carries no hubctl:id tag" : `belongs to the deployment with hubctl:id ${id}`;
  throw new UserError(
    "ForeignCluster",
    `an EKS cluster named ${cluster.name ?? "?"} exists already and ${owner}` +
      (deploymentId === undefined ? "; this deployment has not been installed yet" : `, not ${deploymentId}`),
    { hint: "choose another deployment name, or bring the lock file of the deployment that owns the cluster" },
  );
}

export interface ClusterAccess {
  name: string;
  region: string;
  endpoint: string;
  certificateAuthority: string;
}

/** How to reach the cluster's API server; undefined while it has no endpoint. */
export function accessTo(cluster: Cluster | undefined, region: string): ClusterAccess | undefined {
  const certificateAuthority = cluster?.certificateAuthority?.data;
  if (!cluster?.name || !cluster.endpoint || !certificateAuthority) return undefined;
  return { name: cluster.name, region, endpoint: cluster.endpoint, certificateAuthority };
}

/** The program that kubectl and Helm ask for a login, and its arguments. */
export type LoginProgram = readonly [string, ...string[]];

/** Logins come from `hubctl token`: no aws CLI is needed. `program` is the argv prefix that runs this hubctl. */
export function hubctlToken(
  program: LoginProgram,
  { name, region }: Pick<ClusterAccess, "name" | "region">,
  { profile, assumeRole }: Login = {},
): LoginProgram {
  const login = [
    ...(profile === undefined ? [] : ["--profile", profile]),
    ...(assumeRole === undefined ? [] : ["--assume-role", assumeRole]),
  ];
  return [...program, "token", "--cluster", name, "--region", region, ...login];
}

/** A kubeconfig with one context and nothing secret in it. */
export function kubeconfigFor(access: ClusterAccess, [command, ...args]: LoginProgram) {
  const context = kubeContext(access.name);
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [
      {
        name: context,
        cluster: { server: access.endpoint, "certificate-authority-data": access.certificateAuthority },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    users: [
      {
        name: context,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command,
            args,
            interactiveMode: "Never",
            provideClusterInfo: false,
          },
        },
      },
    ],
  };
}

export function kubeContext(cluster: string): string {
  return `hubctl-${cluster}`;
}
