import { addInitialEntries } from "./access-entry-records.ts";
import {
  createClusterSecurityGroup,
  createNetworkInterfaces,
  deleteClusterSecurityGroup,
  deleteNetworkInterfaces,
  ensureLogGroup,
} from "./cluster-network.ts";
import { clusterFromRequest, refuseExistingCluster } from "./cluster-request.ts";
import type { CreateClusterBody } from "./cluster-request.ts";
import { finishVersionUpdate, pendingVersion } from "./cluster-version.ts";
import { updateUnderWay } from "./context.ts";
import type { EksContext } from "./context.ts";
import { startPlane } from "./control-planes.ts";
import { addonDefinitions, defaultAddonVersion } from "./addon-versions.ts";
import { inUse, invalidRequest, messageOf } from "./errors.ts";
import { canonicalArn } from "./identity.ts";
import { pause } from "./jobs.ts";
import { pageOf, paginate, param } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord, ClusterShape } from "./state.ts";
import { endUpdates } from "./updates.ts";

/** Installed by CreateCluster itself unless bootstrapSelfManagedAddons is false; they are no add-ons of EKS then. */
const selfManagedAddons = ["vpc-cni", "kube-proxy", "coredns"];

export function clusterOperations(context: EksContext): Operation[] {
  return [
    {
      name: "CreateCluster",
      method: "POST",
      path: "/clusters",
      run: (call) => createCluster(context, call),
    },
    {
      name: "DescribeCluster",
      method: "GET",
      path: "/clusters/{name}",
      run: (call) => ({ cluster: described(context.store.get(param(call, "name")).shape) }),
    },
    {
      name: "ListClusters",
      method: "GET",
      path: "/clusters",
      run: (call) => {
        const names = context.store.all().map(({ shape }) => shape.name);
        const { items, ...rest } = paginate(names.sort(), pageOf(call));
        return { clusters: items, ...rest };
      },
    },
    {
      name: "DeleteCluster",
      method: "DELETE",
      path: "/clusters/{name}",
      run: (call) => deleteCluster(context, call),
    },
  ];
}

/** EKS tells only in the answer to CreateCluster whether the creator was made an administrator. */
function described(shape: ClusterShape): object {
  const { authenticationMode } = shape.accessConfig;
  const isSettled = shape.status !== "CREATING";
  return {
    ...shape,
    ...(isSettled ? {} : { identity: undefined }),
    accessConfig: { authenticationMode },
    health: shape.health ?? { issues: [] },
  };
}

async function createCluster(context: EksContext, call: Call): Promise<object> {
  const body = call.body as CreateClusterBody;
  const shape = await clusterFromRequest(context, body);
  const creatorIsAdmin = shape.accessConfig.bootstrapClusterCreatorAdminPermissions ?? true;
  const record: ClusterRecord = {
    shape,
    creatorArn: await canonicalArn(context, call.caller),
    creatorIsAdmin,
    selfManagedAddons: body.bootstrapSelfManagedAddons ?? true,
    networkInterfaceIds: [],
    nodegroups: {},
    addons: {},
    accessEntries: {},
    associations: {},
    updates: [],
  };
  refuseExistingCluster(context, shape.name);
  if (shape.accessConfig.authenticationMode !== "CONFIG_MAP") addInitialEntries(context, record);
  context.store.save(record);
  resumeCluster(context, record);
  return { cluster: { ...shape, identity: undefined, health: { issues: [] } } };
}

function deleteCluster(context: EksContext, call: Call): object {
  const record = context.store.get(param(call, "name"));
  const { shape } = record;
  const subject = { clusterName: shape.name };
  if (shape.status === "DELETING") return { cluster: described(shape) };
  if (Object.keys(record.nodegroups).length > 0) throw inUse("Cluster has nodegroups attached", subject);
  if (shape.deletionProtection) {
    throw invalidRequest(
      `Cluster ${shape.name} has deletion protection enabled. Disable deletion protection before you delete the cluster.`,
      subject,
    );
  }
  if (shape.status === "CREATING" || shape.status === "UPDATING") {
    throw inUse(`Cannot DeleteCluster because cluster ${shape.name} ${updateUnderWay(record)}`, subject);
  }
  shape.status = "DELETING";
  context.store.save(record);
  resumeCluster(context, record);
  return { cluster: described(shape) };
}

/** Starts what the status of a cluster asks for; also after a restart. */
export function resumeCluster(context: EksContext, record: ClusterRecord): void {
  const { shape } = record;
  const key = `cluster/${shape.name}`;
  switch (shape.status) {
    case "CREATING":
      context.jobs.start(key, (signal) => bringUp(context, record, signal));
      return;
    case "DELETING":
      context.jobs.start(key, (signal) => takeDown(context, record, signal));
      return;
    case "ACTIVE":
    case "UPDATING":
      context.jobs.start(key, async (signal) => {
        await startPlane(context, record);
        if (shape.status !== "UPDATING") return;
        const version = pendingVersion(record);
        if (version === undefined) await finishUpdate(context, record, signal);
        else await finishVersionUpdate(context, record, version, signal);
      });
      return;
    case "FAILED":
    case "PENDING":
      return;
  }
}

/** Ends an update after its time. */
export async function finishUpdate(context: EksContext, record: ClusterRecord, signal: AbortSignal): Promise<void> {
  await pause(context.delays.clusterUpdate, signal);
  record.shape.status = "ACTIVE";
  endUpdates(record, {});
  context.store.save(record);
}

async function bringUp(context: EksContext, record: ClusterRecord, signal: AbortSignal): Promise<void> {
  const { shape } = record;
  const readyAt = context.now() + context.delays.clusterCreate;
  try {
    if (shape.resourcesVpcConfig.clusterSecurityGroupId === undefined) {
      shape.resourcesVpcConfig.clusterSecurityGroupId = await createClusterSecurityGroup(context, record);
      context.store.save(record);
    }
    if (record.networkInterfaceIds.length === 0) {
      record.networkInterfaceIds = await createNetworkInterfaces(context, record);
      context.store.save(record);
    }
    await ensureLogGroup(context, record);
    await startPlane(context, record);
    if (record.selfManagedAddons) await installSelfManagedAddons(context, record);
  } catch (error) {
    if (signal.aborted) throw error;
    shape.status = "FAILED";
    shape.health = { issues: [{ code: "InternalFailure", message: messageOf(error), resourceIds: [] }] };
    context.store.save(record);
    throw error;
  }
  await pause(Math.max(0, readyAt - context.now()), signal);
  shape.status = "ACTIVE";
  context.store.save(record);
}

async function installSelfManagedAddons(context: EksContext, record: ClusterRecord): Promise<void> {
  const plane = context.planes.get(record.shape.name);
  if (plane === undefined) return;
  for (const definition of addonDefinitions.filter(({ name }) => selfManagedAddons.includes(name))) {
    await context.dataPlane.applyAddon(plane, {
      name: definition.name,
      version: defaultAddonVersion(definition, record.shape.version) ?? "",
      namespace: definition.namespace,
      cluster: record.shape.name,
      configuration: undefined,
    });
  }
}

async function takeDown(context: EksContext, record: ClusterRecord, signal: AbortSignal): Promise<void> {
  const { name, resourcesVpcConfig } = record.shape;
  await pause(context.delays.clusterDelete, signal);
  await context.planes.get(name)?.stop();
  context.planes.delete(name);
  await context.dataPlane.discardControlPlane(name);
  // EKS writes its last log lines now, and with them the log group again if it was deleted before.
  await ensureLogGroup(context, record);
  await deleteNetworkInterfaces(context, record.networkInterfaceIds);
  try {
    if (resourcesVpcConfig.clusterSecurityGroupId !== undefined) {
      await deleteClusterSecurityGroup(context, resourcesVpcConfig.clusterSecurityGroupId, signal);
    }
  } finally {
    if (!signal.aborted) context.store.remove(name);
  }
}
