import type { HubConfig, Secrets } from "../config/hub-config.ts";
import type { HubLock } from "../config/hub-lock.ts";
import { addonNames } from "../config/terraform-variables.ts";
import { frozenImages, imageKey } from "../images/frozen-images.ts";
import type { ClusterOutputs, GeneratedSecrets, ReleaseInputs, StorageOutputs } from "../releases/inputs.ts";
import { testedVersions } from "../versions.ts";

/** What stands for a value that only AWS, or nobody but the operator, knows. */
const unknown = (name: string): string => `<${name}>`;

/** The lock file that a first install would write, as far as the configuration tells. */
export function placeholderLock(config: HubConfig): HubLock {
  const nodeImage = { release: unknown("lock.nodeImage.release"), alias: unknown("lock.nodeImage.alias") };
  const zones = Array.from({ length: zoneCount(config) }, (_, index) => ({
    id: unknown(`lock.zones[${index}].id`),
    name: unknown(`lock.zones[${index}].name`),
  }));
  return {
    hubctl: unknown("lock.hubctl"),
    id: unknown("lock.id"),
    account: config.aws.accountId ?? unknown("lock.account"),
    region: config.aws.region,
    installer: unknown("lock.installer"),
    kubernetes: config.cluster.kubernetesVersion ?? testedVersions.kubernetes[0],
    addons: Object.fromEntries(addonNames.map((name) => [name, unknown(`lock.addons.${name}`)])),
    nodeImage,
    zones,
    charts: { ...testedVersions.charts, ...(config.hub.chartVersion && { jupyterhub: config.hub.chartVersion }) },
    provider: testedVersions.provider,
  };
}

/** Digests of frozen images that are not recorded yet. */
export function placeholderImages(config: HubConfig): Record<string, string> {
  // Without a colon in the name: whoever makes values of it parts an image at its colons.
  const digest = (key: string) => `sha256:${unknown(`lock.images.${key.replaceAll(":", "/")}`)}`;
  const keys = frozenImages(config).map(imageKey);
  return Object.fromEntries(keys.map((key) => [key, digest(key)]));
}

export const placeholderSecrets: Required<Secrets> = {
  clientId: unknown("secret:clientId"),
  clientSecret: unknown("secret:clientSecret"),
  userPassword: unknown("secret:userPassword"),
  adminPassword: unknown("secret:adminPassword"),
  certificateKey: unknown("secret:certificateKey"),
  certificateChain: unknown("certificate.chainFile"),
};

export const placeholderGenerated: GeneratedSecrets = {
  cookieSecret: unknown("secret:cookieSecret"),
  cryptKeeperKey: unknown("secret:cryptKeeperKey"),
  proxyToken: unknown("secret:proxyToken"),
};

export function placeholderStorage({ storage }: HubConfig): StorageOutputs {
  const { encryptionKey } = storage;
  return {
    ...(encryptionKey === "aws"
      ? {}
      : { encryption_key_arn: encryptionKey === "own" ? unknown("storage.encryption_key_arn") : encryptionKey }),
    file_system_id: unknown("storage.file_system_id"),
    home_access_point_id: unknown("storage.home_access_point_id"),
    shared_access_point_ids: Object.fromEntries(
      storage.sharedFolders.map(({ name }) => [name, unknown(`storage.shared_access_point_ids.${name}`)]),
    ),
    hub_database_access_point_id: unknown("storage.hub_database_access_point_id"),
    generated_secret_arn: unknown("storage.generated_secret_arn"),
  };
}

export function placeholderCluster(config: HubConfig, { zones }: HubLock): ClusterOutputs {
  const { existingVpc } = config.network;
  const ofEachZone = (name: string) => zones.map((_, index) => unknown(`cluster.${name}[${index}]`));
  return {
    cluster_name: config.name,
    cluster_endpoint: unknown("cluster.cluster_endpoint"),
    cluster_security_group_id: unknown("cluster.cluster_security_group_id"),
    vpc_id: existingVpc?.id ?? unknown("cluster.vpc_id"),
    private_subnet_ids: existingVpc?.nodeSubnets ?? ofEachZone("private_subnet_ids"),
    public_subnet_ids: existingVpc?.loadBalancerSubnets ?? ofEachZone("public_subnet_ids"),
    subnet_by_zone: Object.fromEntries(
      zones.map(({ name }, index) => [name, unknown(`cluster.subnet_by_zone[${index}]`)]),
    ),
    core_zone: zones[0]?.name ?? unknown("cluster.core_zone"),
    node_role_name: unknown("cluster.node_role_name"),
    karpenter_queue_name: unknown("cluster.karpenter_queue_name"),
    karpenter_instance_profile: unknown("cluster.karpenter_instance_profile"),
    efs_security_group_id: unknown("cluster.efs_security_group_id"),
  };
}

/** An ACM certificate's ARN, as far as configuration and lock file tell. */
export function placeholderCertificate(
  { certificate }: HubConfig,
  lock: HubLock,
): Pick<ReleaseInputs, "certificateArn"> {
  if (typeof certificate !== "string") return {};
  return { certificateArn: certificate === "auto" ? (lock.certificate ?? unknown("certificate.arn")) : certificate };
}

/** How many zones a first install would record. */
function zoneCount({ network }: HubConfig): number {
  return network.existingVpc?.nodeSubnets.length ?? network.vpc.zones;
}
