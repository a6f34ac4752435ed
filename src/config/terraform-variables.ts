import { UserError } from "../errors.ts";
import type { HubConfig } from "./hub-config.ts";
import type { HubLock } from "./hub-lock.ts";
import type { StackName } from "./work-dir.ts";

/** The add-ons of the cluster stack, in the order in which they come up. */
export const addonNames = [
  "vpc-cni",
  "kube-proxy",
  "eks-pod-identity-agent",
  "coredns",
  "metrics-server",
  "aws-ebs-csi-driver",
  "aws-efs-csi-driver",
] as const;

/** The content of a stack's terraform.tfvars.json; the variables are described in templates/terraform. */
export function terraformVariables(stack: StackName, config: HubConfig, lock: HubLock): Record<string, unknown> {
  const common = {
    deployment: config.name,
    deployment_id: lock.id,
    account_id: lock.account,
    region: lock.region,
    tags: config.tags,
    encryption_key: config.storage.encryptionKey,
    name_prefix: config.aws.namePrefix,
    role_path: config.aws.rolePath,
    permissions_boundary: config.aws.permissionsBoundary ?? null,
  };
  return { ...common, ...(stack === "storage" ? storageVariables(config) : clusterVariables(config, lock)) };
}

function storageVariables({ storage }: HubConfig): Record<string, unknown> {
  const { enabled, keepDays } = storage.backups;
  return {
    shared_folders: storage.sharedFolders.map(({ name }) => name),
    backups: { enabled, keep_days: keepDays },
  };
}

function clusterVariables(config: HubConfig, lock: HubLock): Record<string, unknown> {
  const { coreNodes, supportPolicy } = config.cluster;
  const { vpc, existingVpc } = config.network;
  return {
    installer_arn: lock.installer,
    vpc_cidr: vpc.cidr,
    nat: vpc.nat,
    existing_vpc: existingVpc
      ? {
          id: existingVpc.id,
          node_subnets: existingVpc.nodeSubnets,
          load_balancer_subnets: existingVpc.loadBalancerSubnets,
        }
      : null,
    zones: lock.zones.map(({ name }) => name),
    kubernetes_version: lock.kubernetes,
    support_policy: supportPolicy,
    api_access_cidrs: config.network.apiAccess,
    addon_versions: Object.fromEntries(addonNames.map((name) => [name, addonVersion(name, lock)])),
    core_nodes: {
      instance_type: coreNodes.instanceType,
      min: coreNodes.min,
      max: coreNodes.max,
      desired: coreNodes.desired,
      volume_size_gib: coreNodes.volumeSizeGiB,
      release_version: lock.nodeImage.release,
    },
    spot: config.profiles.some(({ spot }) => spot),
    buckets: Object.fromEntries(config.storage.buckets.map(({ name, access }) => [name, access])),
    fill_buckets: fillBuckets(config),
    profile_roles: Object.fromEntries(
      config.profiles.flatMap(({ slug, roleArn }) => (roleArn === undefined ? [] : [[slug, roleArn]])),
    ),
  };
}

/** Buckets that shared folders are filled from at first install. */
function fillBuckets(config: HubConfig): string[] {
  const sources = config.storage.sharedFolders.flatMap(({ fillFrom }) => fillFrom ?? []);
  const names = sources.flatMap((source) => /^s3:\/\/([^/]+)/.exec(source)?.[1] ?? []);
  return [...new Set(names)].sort();
}

function addonVersion(name: string, lock: HubLock): string {
  const version = lock.addons[name];
  if (version !== undefined) return version;
  throw new UserError("AddonVersionMissing", `the lock file names no version of the EKS add-on ${name}`, {
    hint: `add it under "addons"; the versions on offer: aws eks describe-addon-versions --addon-name ${name} --kubernetes-version ${lock.kubernetes}`,
  });
}
