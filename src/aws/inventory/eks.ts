import {
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeFargateProfileCommand,
  DescribeNodegroupCommand,
  paginateListAccessEntries,
  paginateListAddons,
  paginateListClusters,
  paginateListFargateProfiles,
  paginateListNodegroups,
  paginateListPodIdentityAssociations,
  type Cluster,
} from "@aws-sdk/client-eks";
import { hoursAMonth, prices } from "../../cost/prices.ts";
import type { AwsClients } from "../clients.ts";
import { hasOwnTags, type Found } from "./resource.ts";
import { mapFew, unlessGone, type Scope } from "./scope.ts";

/** Clusters with our tags. */
export async function listOwnClusters({ eks: client }: AwsClients): Promise<Cluster[]> {
  const names: string[] = [];
  for await (const page of paginateListClusters({ client }, {})) names.push(...(page.clusters ?? []));
  const answers = await mapFew(names, (name) => unlessGone(client.send(new DescribeClusterCommand({ name }))));
  return answers.flatMap((answer) =>
    answer?.cluster && hasOwnTags(answer.cluster.tags ?? {}) ? [answer.cluster] : [],
  );
}

export async function findClusters({ aws }: Scope): Promise<Found[]> {
  return (await listOwnClusters(aws)).map(({ name = "", arn, createdAt, status, tags = {}, ...cluster }) => ({
    category: "eks-clusters",
    id: name,
    arn,
    created: createdAt,
    tags,
    monthlyCost: prices.cluster.STANDARD * hoursAMonth,
    ...(status === "DELETING" && { going: { words: "deleting", waits: "minutes" } }),
    facts: {
      ...(cluster.resourcesVpcConfig?.clusterSecurityGroupId && {
        group: cluster.resourcesVpcConfig.clusterSecurityGroupId,
      }),
      authentication: cluster.accessConfig?.authenticationMode ?? "",
    },
  }));
}

export function findNodeGroups(scope: Scope): Promise<Found[]> {
  const { eks: client } = scope.aws;
  return inClusters(scope, async (clusterName, part) => {
    const names: string[] = [];
    for await (const page of paginateListNodegroups({ client }, { clusterName }))
      names.push(...(page.nodegroups ?? []));
    return mapFew(names, async (nodegroupName) => {
      const answer = await unlessGone(client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName })));
      const { nodegroupArn, createdAt, tags = {}, status } = answer?.nodegroup ?? {};
      return part("eks-node-groups", nodegroupName, { arn: nodegroupArn, created: createdAt, tags, status });
    });
  });
}

export function findAddons(scope: Scope): Promise<Found[]> {
  const { eks: client } = scope.aws;
  return inClusters(scope, async (clusterName, part) => {
    const names: string[] = [];
    for await (const page of paginateListAddons({ client }, { clusterName })) names.push(...(page.addons ?? []));
    return mapFew(names, async (addonName) => {
      const answer = await unlessGone(client.send(new DescribeAddonCommand({ clusterName, addonName })));
      const { addonArn, createdAt, tags = {}, status } = answer?.addon ?? {};
      return part("eks-add-ons", addonName, { arn: addonArn, created: createdAt, tags, status });
    });
  });
}

export function findFargateProfiles(scope: Scope): Promise<Found[]> {
  const { eks: client } = scope.aws;
  return inClusters(scope, async (clusterName, part) => {
    const names: string[] = [];
    for await (const page of paginateListFargateProfiles({ client }, { clusterName }))
      names.push(...(page.fargateProfileNames ?? []));
    return mapFew(names, async (fargateProfileName) => {
      const command = new DescribeFargateProfileCommand({ clusterName, fargateProfileName });
      const {
        fargateProfileArn,
        createdAt,
        tags = {},
        status,
      } = (await unlessGone(client.send(command)))?.fargateProfile ?? {};
      return part("eks-fargate-profiles", fargateProfileName, {
        arn: fargateProfileArn,
        created: createdAt,
        tags,
        status,
      });
    });
  });
}

export function findAccessEntries(scope: Scope): Promise<Found[]> {
  const { eks: client } = scope.aws;
  return inClusters(scope, async (clusterName, part, facts) => {
    // EKS refuses to list them where there can be none.
    if (facts["authentication"] === "CONFIG_MAP") return [];
    const principals: string[] = [];
    for await (const page of paginateListAccessEntries({ client }, { clusterName }))
      principals.push(...(page.accessEntries ?? []));
    return mapFew(principals, async (principalArn) => {
      const answer = await unlessGone(client.send(new DescribeAccessEntryCommand({ clusterName, principalArn })));
      const { accessEntryArn, createdAt, tags = {} } = answer?.accessEntry ?? {};
      return part("eks-access-entries", principalArn, { arn: accessEntryArn, created: createdAt, tags });
    });
  });
}

export function findPodIdentities(scope: Scope): Promise<Found[]> {
  const { eks: client } = scope.aws;
  return inClusters(scope, async (clusterName, part) => {
    const found: Found[] = [];
    for await (const page of paginateListPodIdentityAssociations({ client }, { clusterName })) {
      for (const { associationId = "", associationArn, namespace = "?", serviceAccount = "?" } of page.associations ??
        []) {
        const name = `${namespace}/${serviceAccount}`;
        found.push(part("eks-pod-identities", associationId, { arn: associationArn, name }));
      }
    }
    return found;
  });
}

interface PartDetails extends Pick<Found, "arn" | "name" | "created"> {
  tags?: Record<string, string>;
  status?: string | undefined;
}

type PartCategory =
  "eks-node-groups" | "eks-fargate-profiles" | "eks-add-ons" | "eks-access-entries" | "eks-pod-identities";

type MakePart = (category: PartCategory, id: string, details: PartDetails) => Found;

/** What is in a cluster is its deployment's, whatever its own tags say. */
async function inClusters(
  scope: Scope,
  find: (clusterName: string, part: MakePart, facts: NonNullable<Found["facts"]>) => Promise<Found[]>,
): Promise<Found[]> {
  const clusters = await scope.found("eks-clusters");
  const found = await mapFew(clusters, async ({ id: cluster, arn = cluster, facts = {} }) => {
    const part: MakePart = (category, id, { status, ...details }) => ({
      category,
      id: `${cluster}/${id}`,
      tags: {},
      partOf: [arn],
      monthlyCost: 0,
      facts: { cluster, id },
      ...(status === "DELETING" && { going: { words: "deleting", waits: "minutes" } }),
      ...details,
    });
    // The cluster may go while it is looked at.
    return (await unlessGone(find(cluster, part, facts))) ?? [];
  });
  return found.flat();
}
