import { paginateGetResources } from "@aws-sdk/client-resource-groups-tagging-api";
import type { AwsClients } from "../clients.ts";
import { findBackupPlans, findBackupVaults, findRecoveryPoints } from "./backups.ts";
import { findDnsRecords } from "./dns-records.ts";
import {
  findAccessEntries,
  findAddons,
  findClusters,
  findFargateProfiles,
  findNodeGroups,
  findPodIdentities,
} from "./eks.ts";
import { findAccessPoints, findFileSystems, findMountTargets } from "./file-systems.ts";
import { findInstanceProfiles, findOidcProviders, findPolicies, findRoles } from "./iam.ts";
import { findInstances, findLaunchTemplates, findSnapshots, findVolumes } from "./instances.ts";
import { findKeyAliases, findKeys } from "./keys.ts";
import { findLoadBalancers, findTargetGroups } from "./load-balancers.ts";
import { findLogGroups } from "./log-groups.ts";
import { findEventRules, findQueues } from "./messages.ts";
import {
  findElasticIps,
  findEndpoints,
  findGateways,
  findNatGateways,
  findNetworkInterfaces,
  findRouteTables,
  findSubnets,
  findVpcs,
} from "./network.ts";
import { findOthers } from "./others.ts";
import { proveOwners } from "./ownership.ts";
import { categoryNames, deploymentTag, idTag, readTags, type Category, type Found, type Resource } from "./resource.ts";
import { findAutoScalingGroups } from "./scaling.ts";
import type { Look, Scope, TaggedArn } from "./scope.ts";
import { findSecurityGroupRules, findSecurityGroups } from "./security-groups.ts";
import { stateOf, type World } from "./state.ts";
import { findBuckets, findCertificates, findParameters, findRepositories, findSecrets } from "./stores.ts";
import { findTerraformState } from "./terraform-state.ts";
import { readWorld, type WorldOptions } from "./world.ts";

/** What deployments own in the account and region, and what could not be looked at. */
export interface Inventory {
  account: string;
  region: string;
  world: World;
  resources: Resource[];
  unknown: Unknown[];
}

export interface Unknown {
  category: Category;
  /** AWS's own words. */
  reason: string;
}

export interface InventoryOptions extends WorldOptions {
  /** Only these are looked at, with what it takes to tell whose they are. */
  categories?: readonly Category[];
}

const looks: Record<Category, Look> = {
  instances: findInstances,
  "auto-scaling-groups": findAutoScalingGroups,
  "launch-templates": findLaunchTemplates,
  volumes: findVolumes,
  snapshots: findSnapshots,
  "load-balancers": findLoadBalancers,
  "target-groups": findTargetGroups,
  "network-interfaces": findNetworkInterfaces,
  "elastic-ips": findElasticIps,
  "nat-gateways": findNatGateways,
  vpcs: findVpcs,
  subnets: findSubnets,
  "route-tables": findRouteTables,
  gateways: findGateways,
  endpoints: findEndpoints,
  "security-groups": findSecurityGroups,
  "security-group-rules": findSecurityGroupRules,
  "eks-clusters": findClusters,
  "eks-node-groups": findNodeGroups,
  "eks-fargate-profiles": findFargateProfiles,
  "eks-add-ons": findAddons,
  "eks-access-entries": findAccessEntries,
  "eks-pod-identities": findPodIdentities,
  "file-systems": findFileSystems,
  "mount-targets": findMountTargets,
  "access-points": findAccessPoints,
  "backup-plans": findBackupPlans,
  "backup-vaults": findBackupVaults,
  "recovery-points": findRecoveryPoints,
  "log-groups": findLogGroups,
  "kms-keys": findKeys,
  "kms-aliases": findKeyAliases,
  "iam-roles": findRoles,
  "iam-policies": findPolicies,
  "instance-profiles": findInstanceProfiles,
  "oidc-providers": findOidcProviders,
  queues: findQueues,
  "event-rules": findEventRules,
  buckets: findBuckets,
  "image-repositories": findRepositories,
  certificates: findCertificates,
  "dns-records": findDnsRecords,
  secrets: findSecrets,
  parameters: findParameters,
  "terraform-state": findTerraformState,
  other: findOthers,
};

/**
 * Asks AWS, category by category, what deployments own. Needs neither configuration nor state nor cluster. A category
 * that can't be looked at is unknown, which is not empty; without EKS and the state bucket nothing could be told from
 * an orphan, so that their failures are the whole inventory's.
 */
export async function takeInventory(aws: AwsClients, options: InventoryOptions): Promise<Inventory> {
  const world = await readWorld(aws, options);
  const { scope, foundSoFar } = createScope(aws, options.account, world);
  const answers = await Promise.all(
    (options.categories ?? categoryNames).map(async (category) => {
      try {
        await scope.found(category);
        return { category };
      } catch (error) {
        return { category, reason: reasonOf(error) };
      }
    }),
  );
  const isWanted = new Set(options.categories ?? categoryNames);
  const proved = proveOwners(await foundSoFar());
  const resources = proved
    .filter(({ found }) => isWanted.has(found.category))
    .map((one): Resource => {
      const { found, owners, evidence, stack } = one;
      const isGlobal = globalCategories.has(found.category);
      return {
        ...found,
        owners,
        evidence,
        stack,
        region: isGlobal ? "global" : aws.region,
        state: stateOf(one, world),
      };
    });
  const unknown = answers.flatMap(({ category, reason }) => (reason === undefined ? [] : [{ category, reason }]));
  return { account: options.account, region: aws.region, world, resources, unknown };
}

const globalCategories = new Set<Category>([
  "iam-roles",
  "iam-policies",
  "instance-profiles",
  "oidc-providers",
  "dns-records",
]);

function createScope(
  aws: AwsClients,
  account: string,
  world: World,
): { scope: Scope; foundSoFar: () => Promise<Found[]> } {
  const asked = new Map<Category, Promise<Found[]>>();
  let tagged: Promise<TaggedArn[]> | undefined;
  let ec2: ReturnType<AwsClients["ec2"]> | undefined;
  const scope: Scope = {
    aws,
    account,
    region: aws.region,
    world,
    ec2: () => (ec2 ??= aws.ec2()),
    found(category) {
      const answer = asked.get(category) ?? looks[category](scope);
      asked.set(category, answer);
      return answer;
    },
    async tagged(service) {
      const all = await (tagged ??= readTagIndex(aws));
      return all.filter(({ arn }) => service === "" || arn.split(":")[2] === service);
    },
  };
  return {
    scope,
    async foundSoFar() {
      const settled = await Promise.allSettled(asked.values());
      return settled.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    },
  };
}

/** https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html */
async function readTagIndex(aws: AwsClients): Promise<TaggedArn[]> {
  const client = await aws.rare.tagging();
  const found = new Map<string, TaggedArn>();
  // Several filters are joined by "and".
  for (const Key of [idTag, deploymentTag]) {
    for await (const page of paginateGetResources({ client }, { TagFilters: [{ Key }] })) {
      for (const { ResourceARN: arn = "", Tags } of page.ResourceTagMappingList ?? [])
        found.set(arn, { arn, tags: readTags(Tags) });
    }
  }
  return [...found.values()];
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const call = (error as { call?: string }).call;
  return `${call === undefined ? "" : `${call}: `}${error.name}: ${error.message}`;
}
