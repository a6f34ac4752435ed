import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  DeleteAccessEntryCommand,
  DescribeAccessEntryCommand,
  DisassociateAccessPolicyCommand,
  paginateListAccessEntries,
  paginateListAssociatedAccessPolicies,
} from "@aws-sdk/client-eks";
import type { AwsClients } from "./clients.ts";

/** An IAM user or role that the cluster lets in, whatever aws-auth says of it. */
export interface AccessEntry {
  arn: string;
  /** "STANDARD" for people and programs; others are for nodes. */
  type: string;
  username: string | undefined;
  groups: readonly string[];
  policies: readonly EntryPolicy[];
  tags: Readonly<Record<string, string>>;
}

export interface EntryPolicy {
  arn: string;
  /** Undefined: in the whole cluster. */
  namespaces: readonly string[] | undefined;
}

/** https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html */
export async function listAccessEntries(aws: AwsClients, clusterName: string): Promise<AccessEntry[]> {
  const arns: string[] = [];
  for await (const page of paginateListAccessEntries({ client: aws.eks }, { clusterName })) {
    arns.push(...(page.accessEntries ?? []));
  }
  const entries: AccessEntry[] = [];
  // A few at a time: EKS answers few calls a second.
  for (let start = 0; start < arns.length; start += 5) {
    const some = await Promise.all(arns.slice(start, start + 5).map((arn) => findAccessEntry(aws, clusterName, arn)));
    entries.push(...some.filter((entry) => entry !== undefined));
  }
  return entries;
}

/** Undefined if there is none, or none any more. */
async function findAccessEntry(
  aws: AwsClients,
  clusterName: string,
  principalArn: string,
): Promise<AccessEntry | undefined> {
  try {
    const { accessEntry } = await aws.eks.send(new DescribeAccessEntryCommand({ clusterName, principalArn }));
    const { type = "STANDARD", username, kubernetesGroups: groups = [], tags = {} } = accessEntry ?? {};
    const policies: EntryPolicy[] = [];
    const request = { clusterName, principalArn };
    // Nodes have none, and EKS refuses the question for some of their types.
    if (type === "STANDARD") {
      for await (const page of paginateListAssociatedAccessPolicies({ client: aws.eks }, request)) {
        for (const { policyArn: arn, accessScope } of page.associatedAccessPolicies ?? []) {
          if (arn === undefined) continue;
          policies.push({ arn, namespaces: accessScope?.type === "namespace" ? accessScope.namespaces : undefined });
        }
      }
    }
    return { arn: principalArn, type, username, groups, policies, tags };
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

/** Makes the entry with its policies; what was half made by an earlier attempt is made whole. */
export async function createAccessEntry(aws: AwsClients, clusterName: string, entry: AccessEntry): Promise<void> {
  const { arn: principalArn, type, username, groups, policies, tags } = entry;
  try {
    await aws.eks.send(
      new CreateAccessEntryCommand({
        clusterName,
        principalArn,
        type,
        // EKS sets both for nodes, and refuses others.
        ...(type === "STANDARD" && { kubernetesGroups: [...groups], ...(username !== undefined && { username }) }),
        ...(Object.keys(tags).length > 0 && { tags: { ...tags } }),
      }),
    );
  } catch (error) {
    if (!(error instanceof Error && error.name === "ResourceInUseException")) throw error;
  }
  for (const policy of policies) await associatePolicy(aws, clusterName, principalArn, policy);
}

/** Also changes where a policy holds that the entry has already. */
export async function associatePolicy(
  aws: AwsClients,
  clusterName: string,
  principalArn: string,
  { arn: policyArn, namespaces }: EntryPolicy,
): Promise<void> {
  const accessScope =
    namespaces === undefined
      ? { type: "cluster" as const }
      : { type: "namespace" as const, namespaces: [...namespaces] };
  await aws.eks.send(new AssociateAccessPolicyCommand({ clusterName, principalArn, policyArn, accessScope }));
}

export async function disassociatePolicy(
  aws: AwsClients,
  clusterName: string,
  principalArn: string,
  policyArn: string,
): Promise<void> {
  await unlessGone(aws.eks.send(new DisassociateAccessPolicyCommand({ clusterName, principalArn, policyArn })));
}

export async function deleteAccessEntry(aws: AwsClients, clusterName: string, principalArn: string): Promise<void> {
  await unlessGone(aws.eks.send(new DeleteAccessEntryCommand({ clusterName, principalArn })));
}

async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error && error.name === "ResourceNotFoundException")) throw error;
  }
}
