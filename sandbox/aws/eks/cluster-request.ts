import { randomBytes } from "node:crypto";
import type { AccessConfigResponse, CreateClusterRequest, Logging, LogType } from "@aws-sdk/client-eks";
import { checkSecurityGroups, describeSubnets, vpcCidr } from "./cluster-network.ts";
import { arnOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter } from "./errors.ts";
import { findRole, parsePrincipalArn, trusts } from "./iam.ts";
import { required } from "./router.ts";
import type { ClusterShape } from "./state.ts";
import { checkTags } from "./tags.ts";
import { defaultMinor, findMinor, supportStatus } from "./versions.ts";
import type { MinorVersion } from "./versions.ts";
import type { Wire } from "./wire.ts";

export type CreateClusterBody = Partial<Wire<CreateClusterRequest>>;

const logTypes: readonly LogType[] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/** Checks a CreateCluster as EKS does, and answers the cluster as it is at first. */
export async function clusterFromRequest(context: EksContext, body: CreateClusterBody): Promise<ClusterShape> {
  const name = required(body.name, "name");
  const subject = { clusterName: name };
  if (!/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) {
    throw invalidParameter(
      "The provided cluster name is not valid. It must match ^[0-9A-Za-z][A-Za-z0-9\\-_]*$ and be at most 100 characters long",
      subject,
    );
  }
  refuseExistingCluster(context, name);
  const minor = offeredMinor(body.version ?? defaultMinor, context.now());
  const roleArn = required(body.roleArn, "roleArn");
  await checkClusterRole(context, roleArn);
  const vpc = required(body.resourcesVpcConfig, "resourcesVpcConfig");
  const subnetIds = required(vpc.subnetIds, "subnetIds");
  const { vpcId, cidr } = await checkVpc(context, subnetIds, vpc.securityGroupIds ?? []);
  const accessConfig = accessConfigFrom(body);
  checkAutoMode(body);
  checkTags(body.tags ?? {});
  const endpointPublicAccess = vpc.endpointPublicAccess ?? true;
  const endpointPrivateAccess = vpc.endpointPrivateAccess ?? false;
  checkEndpointAccess(endpointPublicAccess, endpointPrivateAccess);
  const serviceIpv4Cidr =
    body.kubernetesNetworkConfig?.serviceIpv4Cidr ?? (cidr.startsWith("10.") ? "172.20.0.0/16" : "10.100.0.0/16");
  const issuerId = randomBytes(16).toString("hex").toUpperCase();
  return {
    name,
    arn: arnOf(context, `cluster/${name}`),
    createdAt: timestamp(context),
    version: minor.minor,
    roleArn,
    resourcesVpcConfig: {
      subnetIds,
      securityGroupIds: vpc.securityGroupIds ?? [],
      vpcId,
      endpointPublicAccess,
      endpointPrivateAccess,
      publicAccessCidrs: publicAccessCidrs(endpointPublicAccess, vpc.publicAccessCidrs),
      ...(vpc.controlPlaneEgressMode ? { controlPlaneEgressMode: vpc.controlPlaneEgressMode } : {}),
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr,
      ipFamily: "ipv4",
      elasticLoadBalancing: { enabled: body.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled ?? false },
    },
    logging: mergeLogging(undefined, body.logging),
    identity: { oidc: { issuer: `https://oidc.eks.${context.region}.amazonaws.com/id/${issuerId}` } },
    status: "CREATING",
    certificateAuthority: {},
    platformVersion: minor.platformVersion,
    tags: body.tags ?? {},
    accessConfig,
    upgradePolicy: { supportType: body.upgradePolicy?.supportType ?? "EXTENDED" },
    deletionProtection: body.deletionProtection ?? false,
    ...pickSent(body, [
      "encryptionConfig",
      "computeConfig",
      "storageConfig",
      "zonalShiftConfig",
      "remoteNetworkConfig",
      "controlPlaneScalingConfig",
      "kubeApiServerConfig",
      "kubeSchedulerConfig",
      "kubeControllerManagerConfig",
    ]),
  };
}

/** Asked again after the checks that take time, in which the same name may have been taken. */
export function refuseExistingCluster(context: EksContext, name: string): void {
  if (context.store.find(name)) throw inUse(`Cluster already exists with name: ${name}`, { clusterName: name });
}

export function offeredMinor(version: string, now: number): MinorVersion {
  const minor = findMinor(version);
  if (minor === undefined || supportStatus(minor, now) === "UNSUPPORTED") {
    throw invalidParameter(`unsupported Kubernetes version ${version}`);
  }
  return minor;
}

async function checkClusterRole(context: EksContext, roleArn: string): Promise<void> {
  const principal = parsePrincipalArn(roleArn);
  if (principal?.kind !== "role") throw invalidParameter(`The role ARN ${roleArn} is not valid`);
  const role = await findRole(context, roleArn);
  if (role === undefined) throw invalidParameter(`The role with name ${principal.name} cannot be found.`);
  if (!trusts(role, "eks.amazonaws.com")) {
    throw invalidParameter(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    );
  }
}

export async function checkVpc(
  context: EksContext,
  subnetIds: readonly string[],
  securityGroupIds: readonly string[],
): Promise<{ vpcId: string; cidr: string }> {
  if (subnetIds.length === 0) throw invalidParameter("subnetIds is required");
  const subnets = await describeSubnets(context, subnetIds);
  if (new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size < 2) {
    throw invalidParameter("Subnets specified must be in at least two different AZs");
  }
  const vpcId = subnets[0]?.VpcId ?? "";
  await checkSecurityGroups(context, securityGroupIds, vpcId);
  return { vpcId, cidr: await vpcCidr(context, vpcId) };
}

export function checkEndpointAccess(isPublic: boolean, isPrivate: boolean): void {
  if (!isPublic && !isPrivate) {
    throw invalidParameter("Private and public endpoint access cannot both be disabled: at least one must be true");
  }
}

export function publicAccessCidrs(isPublic: boolean, sent: string[] | undefined): string[] {
  if (sent !== undefined && sent.length > 0) return sent;
  return isPublic ? ["0.0.0.0/0"] : [];
}

function accessConfigFrom({ accessConfig }: CreateClusterBody): AccessConfigResponse {
  const authenticationMode = accessConfig?.authenticationMode ?? "CONFIG_MAP";
  return {
    bootstrapClusterCreatorAdminPermissions: accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
    authenticationMode,
  };
}

function checkAutoMode(body: CreateClusterBody): void {
  const switches = [
    body.computeConfig?.enabled ?? false,
    body.storageConfig?.blockStorage?.enabled ?? false,
    body.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled ?? false,
  ];
  if (new Set(switches).size > 1) {
    throw invalidParameter(
      "For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
    );
  }
  if (switches[0] && body.bootstrapSelfManagedAddons !== false) {
    throw invalidParameter("bootstrapSelfManagedAddons must be set to false when EKS Auto Mode is enabled");
  }
}

/** The log types that are on and those that are off, after a change. */
export function mergeLogging(before: Logging | undefined, sent: Logging | undefined): Logging {
  const enabled = new Set(
    (before?.clusterLogging ?? []).filter((setup) => setup.enabled).flatMap((setup) => setup.types ?? []),
  );
  for (const setup of sent?.clusterLogging ?? []) {
    for (const type of setup.types ?? []) {
      if (setup.enabled) enabled.add(type);
      else enabled.delete(type);
    }
  }
  const on = logTypes.filter((type) => enabled.has(type));
  const off = logTypes.filter((type) => !enabled.has(type));
  return {
    clusterLogging: [
      ...(on.length > 0 ? [{ types: on, enabled: true }] : []),
      ...(off.length > 0 ? [{ types: off, enabled: false }] : []),
    ],
  };
}

function pickSent<T extends object, Key extends keyof T>(object: T, keys: readonly Key[]): Partial<Pick<T, Key>> {
  return Object.fromEntries(
    keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  ) as Partial<Pick<T, Key>>;
}
