import type { UpdateClusterConfigRequest, UpdateType } from "@aws-sdk/client-eks";
import { isDeepStrictEqual } from "node:util";
import { addInitialEntries } from "./access-entry-records.ts";
import { ensureLogGroup } from "./cluster-network.ts";
import { checkEndpointAccess, checkVpc, mergeLogging, publicAccessCidrs } from "./cluster-request.ts";
import { clusterVersionOperations } from "./cluster-version.ts";
import { finishUpdate } from "./clusters.ts";
import { activeCluster } from "./context.ts";
import type { EksContext } from "./context.ts";
import { invalidParameter } from "./errors.ts";
import { param } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord } from "./state.ts";
import { beginUpdate } from "./updates.ts";
import type { UpdateParams } from "./updates.ts";
import type { Wire } from "./wire.ts";

type ConfigBody = Partial<Wire<UpdateClusterConfigRequest>>;

/** One kind of change: what it is called, its parameters, and how it is done. */
interface Change {
  type: UpdateType;
  params: UpdateParams;
  apply(): void | Promise<void>;
}

export function clusterUpdateOperations(context: EksContext): Operation[] {
  return [
    {
      name: "UpdateClusterConfig",
      method: "POST",
      path: "/clusters/{name}/update-config",
      run: (call) => updateConfig(context, call),
    },
    ...clusterVersionOperations(context),
  ];
}

async function updateConfig(context: EksContext, call: Call): Promise<object> {
  const record = activeCluster(context, param(call, "name"), "UpdateClusterConfig");
  const subject = { clusterName: record.shape.name };
  const changes = await changesOf(context, record, call.body as ConfigBody);
  if (changes.length > 1) throw invalidParameter("Only one type of update can be allowed.", subject);
  const [change] = changes;
  if (change === undefined) throw invalidParameter("No update parameters were provided.", subject);
  await change.apply();
  const update = beginUpdate(context, record, change.type, change.params);
  startUpdate(context, record);
  return { update: update.shape };
}

function startUpdate(context: EksContext, record: ClusterRecord): void {
  record.shape.status = "UPDATING";
  context.store.save(record);
  context.jobs.start(`cluster/${record.shape.name}`, (signal) => finishUpdate(context, record, signal));
}

async function changesOf(context: EksContext, record: ClusterRecord, body: ConfigBody): Promise<Change[]> {
  return [
    ...(await vpcChanges(context, record, body)),
    ...loggingChanges(context, record, body),
    ...accessChanges(context, record, body),
    ...autoModeChanges(record, body),
    ...memberChanges(record, body),
  ];
}

async function vpcChanges(context: EksContext, record: ClusterRecord, body: ConfigBody): Promise<Change[]> {
  const sent = body.resourcesVpcConfig;
  if (sent === undefined) return [];
  const vpc = record.shape.resourcesVpcConfig;
  const changes: Change[] = [];
  if (sent.subnetIds !== undefined || sent.securityGroupIds !== undefined) {
    const subnetIds = sent.subnetIds ?? vpc.subnetIds ?? [];
    const securityGroupIds = sent.securityGroupIds ?? vpc.securityGroupIds ?? [];
    const { vpcId } = await checkVpc(context, subnetIds, securityGroupIds);
    if (vpcId !== vpc.vpcId) throw invalidParameter("Subnets specified must belong to the VPC of the cluster");
    changes.push({
      type: "VpcConfigUpdate",
      params: { Subnets: subnetIds, SecurityGroups: securityGroupIds },
      apply: () => void Object.assign(vpc, { subnetIds, securityGroupIds }),
    });
  }
  const { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs: cidrs } = sent;
  if (endpointPublicAccess !== undefined || endpointPrivateAccess !== undefined || cidrs !== undefined) {
    const isPublic = endpointPublicAccess ?? vpc.endpointPublicAccess ?? true;
    const isPrivate = endpointPrivateAccess ?? vpc.endpointPrivateAccess ?? false;
    checkEndpointAccess(isPublic, isPrivate);
    const wanted = {
      endpointPublicAccess: isPublic,
      endpointPrivateAccess: isPrivate,
      publicAccessCidrs: publicAccessCidrs(isPublic, cidrs ?? vpc.publicAccessCidrs),
    };
    if (isDeepStrictEqual({ ...vpc, ...wanted }, vpc)) {
      throw invalidParameter(
        `Cluster is already at the desired configuration with endpointPrivateAccess: ${isPrivate}, endpointPublicAccess: ${isPublic}, and Public Endpoint Restrictions: [${wanted.publicAccessCidrs.join(", ")}]`,
        { clusterName: record.shape.name },
      );
    }
    changes.push({
      type: "EndpointAccessUpdate",
      params: {
        EndpointPublicAccess: String(isPublic),
        EndpointPrivateAccess: String(isPrivate),
        PublicAccessCidrs: wanted.publicAccessCidrs,
      },
      apply: () => void Object.assign(vpc, wanted),
    });
  }
  return changes;
}

function loggingChanges(context: EksContext, record: ClusterRecord, body: ConfigBody): Change[] {
  if (body.logging === undefined) return [];
  const { shape } = record;
  const logging = mergeLogging(shape.logging, body.logging);
  if (isDeepStrictEqual(logging, shape.logging)) {
    throw invalidParameter("No changes needed for the logging config provided", { clusterName: shape.name });
  }
  return [
    {
      type: "LoggingUpdate",
      params: { ClusterLogging: body.logging },
      apply: async () => {
        shape.logging = logging;
        await ensureLogGroup(context, record);
      },
    },
  ];
}

const authenticationModes = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"];

function accessChanges(context: EksContext, record: ClusterRecord, body: ConfigBody): Change[] {
  const mode = body.accessConfig?.authenticationMode;
  if (mode === undefined) return [];
  const { shape } = record;
  const before = shape.accessConfig.authenticationMode ?? "CONFIG_MAP";
  if (authenticationModes.indexOf(mode) <= authenticationModes.indexOf(before)) {
    throw invalidParameter(
      mode === before
        ? `Unsupported authentication mode update from ${before} to ${mode}: the cluster is already at the desired configuration`
        : `Unsupported authentication mode update from ${before} to ${mode}`,
      { clusterName: shape.name },
    );
  }
  return [
    {
      type: "AccessConfigUpdate",
      params: { AuthenticationMode: mode },
      apply: () => {
        shape.accessConfig.authenticationMode = mode;
        if (before === "CONFIG_MAP") addInitialEntries(context, record);
      },
    },
  ];
}

function autoModeChanges(record: ClusterRecord, body: ConfigBody): Change[] {
  const { computeConfig, storageConfig, kubernetesNetworkConfig } = body;
  const sent = [computeConfig, storageConfig, kubernetesNetworkConfig].filter((config) => config !== undefined);
  if (sent.length === 0) return [];
  const { shape } = record;
  return [
    {
      type: "AutoModeUpdate",
      params: {
        ...(computeConfig ? { ComputeConfig: computeConfig } : {}),
        ...(storageConfig ? { StorageConfig: storageConfig } : {}),
        ...(kubernetesNetworkConfig ? { KubernetesNetworkConfig: kubernetesNetworkConfig } : {}),
      },
      apply: () => {
        if (computeConfig) shape.computeConfig = computeConfig;
        if (storageConfig) shape.storageConfig = storageConfig;
        const balancing = kubernetesNetworkConfig?.elasticLoadBalancing;
        if (balancing) shape.kubernetesNetworkConfig.elasticLoadBalancing = balancing;
      },
    },
  ];
}

/** Members that are simply replaced. */
function memberChanges(record: ClusterRecord, body: ConfigBody): Change[] {
  const { shape } = record;
  const { upgradePolicy, zonalShiftConfig, deletionProtection, remoteNetworkConfig, controlPlaneScalingConfig } = body;
  const changes: Change[] = [];
  const replace = (type: UpdateType, params: UpdateParams, members: Partial<typeof shape>) => {
    changes.push({ type, params, apply: () => void Object.assign(shape, members) });
  };
  if (upgradePolicy) {
    replace("UpgradePolicyUpdate", { UpgradePolicy: upgradePolicy.supportType }, { upgradePolicy });
  }
  if (zonalShiftConfig) {
    replace("ZonalShiftConfigUpdate", { ZonalShiftConfig: zonalShiftConfig }, { zonalShiftConfig });
  }
  if (deletionProtection !== undefined) {
    replace("DeletionProtectionUpdate", { DeletionProtection: String(deletionProtection) }, { deletionProtection });
  }
  if (remoteNetworkConfig) {
    replace("RemoteNetworkConfigUpdate", { RemoteNetworkConfig: remoteNetworkConfig }, { remoteNetworkConfig });
  }
  if (controlPlaneScalingConfig) {
    const params = {
      PreviousTier: shape.controlPlaneScalingConfig?.tier ?? "standard",
      UpdatedTier: controlPlaneScalingConfig.tier,
    };
    replace("ControlPlaneScalingConfigUpdate", params, { controlPlaneScalingConfig });
  }
  const { kubeApiServerConfig, kubeSchedulerConfig, kubeControllerManagerConfig } = body;
  if (kubeApiServerConfig || kubeSchedulerConfig || kubeControllerManagerConfig) {
    const params = {
      ...(kubeApiServerConfig ? { KubeApiServerConfig: kubeApiServerConfig } : {}),
      ...(kubeSchedulerConfig ? { KubeSchedulerConfig: kubeSchedulerConfig } : {}),
      ...(kubeControllerManagerConfig ? { KubeControllerManagerConfig: kubeControllerManagerConfig } : {}),
    };
    replace("ControlPlaneComponentConfigUpdate", params, {
      ...(kubeApiServerConfig ? { kubeApiServerConfig } : {}),
      ...(kubeSchedulerConfig ? { kubeSchedulerConfig } : {}),
      ...(kubeControllerManagerConfig ? { kubeControllerManagerConfig } : {}),
    });
  }
  return changes;
}
