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
    tags: config.aws.tags,
  };
  return stack === "storage" ? common : { ...common, ...clusterVariables(config, lock) };
}

function clusterVariables(config: HubConfig, lock: HubLock): Record<string, unknown> {
  const { coreNodes, supportPolicy } = config.cluster;
  return {
    role_path: config.aws.rolePath,
    permissions_boundary: config.aws.permissionsBoundary ?? null,
    installer_arn: lock.installer,
    vpc_cidr: config.network.vpcCidr,
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
  };
}

function addonVersion(name: string, lock: HubLock): string {
  const version = lock.addons[name];
  if (version !== undefined) return version;
  throw new UserError("AddonVersionMissing", `the lock file names no version of the EKS add-on ${name}`, {
    hint: `add it under "addons"; the versions on offer: aws eks describe-addon-versions --addon-name ${name} --kubernetes-version ${lock.kubernetes}`,
  });
}
