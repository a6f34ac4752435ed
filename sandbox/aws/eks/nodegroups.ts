import { createAccessEntry } from "./access-entry-records.ts";
import { addNodeRole, removeNodeRole } from "./aws-auth.ts";
import { activeCluster, planeOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { messageOf, notFound } from "./errors.ts";
import { pause } from "./jobs.ts";
import { deleteLaunchTemplate, writeLaunchTemplate } from "./launch-templates.ts";
import {
  deleteAutoScalingGroup,
  deleteInstanceProfile,
  ensureAutoScalingGroup,
  ensureInstanceProfile,
  groupName,
  idOf,
  instancesOf,
  scale,
} from "./nodegroup-capacity.ts";
import { cordon, evictPods, isReady, nodesOf, type Node } from "./nodegroup-nodes.ts";
import { nodegroupFromRequest, refuseExistingNodegroup } from "./nodegroup-request.ts";
import type { CreateNodegroupBody } from "./nodegroup-request.ts";
import { pageOf, paginate, param } from "./router.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord, NodegroupRecord } from "./state.ts";
import { endUpdates } from "./updates.ts";

const every = "/clusters/{name}/node-groups";
const one = "/clusters/{name}/node-groups/{nodegroupName}";

export function nodegroupOperations(context: EksContext): Operation[] {
  return [
    { name: "CreateNodegroup", method: "POST", path: every, run: (call) => create(context, call) },
    {
      name: "DescribeNodegroup",
      method: "GET",
      path: one,
      run: (call) => ({ nodegroup: findNodegroup(context, call).nodegroup.shape }),
    },
    {
      name: "ListNodegroups",
      method: "GET",
      path: every,
      run: (call) => {
        const record = context.store.get(param(call, "name"));
        const { items, ...rest } = paginate(Object.keys(record.nodegroups).sort(), pageOf(call));
        return { nodegroups: items, ...rest };
      },
    },
    { name: "DeleteNodegroup", method: "DELETE", path: one, run: (call) => remove(context, call) },
  ];
}

export function findNodegroup(context: EksContext, call: Call): { record: ClusterRecord; nodegroup: NodegroupRecord } {
  const record = context.store.get(param(call, "name"));
  const name = param(call, "nodegroupName");
  const nodegroup = record.nodegroups[name];
  if (nodegroup === undefined) {
    throw notFound(`No node group found for name: ${name}.`, {
      clusterName: record.shape.name,
      nodegroupName: name,
    });
  }
  return { record, nodegroup };
}

async function create(context: EksContext, call: Call): Promise<object> {
  const record = activeCluster(context, param(call, "name"), "CreateNodegroup");
  const nodegroup = await nodegroupFromRequest(context, record, call.body as CreateNodegroupBody);
  refuseExistingNodegroup(record, nodegroup.shape.nodegroupName);
  record.nodegroups[nodegroup.shape.nodegroupName] = nodegroup;
  context.store.save(record);
  resumeNodegroup(context, record, nodegroup);
  return { nodegroup: nodegroup.shape };
}

function remove(context: EksContext, call: Call): object {
  const { record, nodegroup } = findNodegroup(context, call);
  const { shape } = nodegroup;
  if (shape.status !== "DELETING") {
    if (record.shape.status !== "FAILED") activeCluster(context, record.shape.name, "DeleteNodegroup");
    shape.status = "DELETING";
    shape.modifiedAt = timestamp(context);
    context.store.save(record);
    resumeNodegroup(context, record, nodegroup);
  }
  return { nodegroup: shape };
}

/** Starts what the status of a node group asks for; also after a restart. */
export function resumeNodegroup(context: EksContext, record: ClusterRecord, nodegroup: NodegroupRecord): void {
  const { shape } = nodegroup;
  const key = nodegroupKey(nodegroup);
  if (shape.status === "CREATING") {
    context.jobs.start(key, (signal) => bringUp(context, record, nodegroup, signal));
  } else if (shape.status === "DELETING") {
    context.jobs.start(key, (signal) => takeDown(context, record, nodegroup, signal));
  } else if (shape.status === "UPDATING") {
    context.jobs.start(key, async (signal) => {
      await scale(context, nodegroup);
      await pause(context.delays.nodegroupUpdate, signal);
      // A change of version does not go on: its new nodes are gone, and the old ones are what the group says they are.
      if (isMoving(record, shape.nodegroupName)) endUpdates(record, { nodegroupName: shape.nodegroupName }, stopped);
      settleNodegroup(context, record, nodegroup);
    });
  }
}

const stopped = { errorCode: "Unknown" as const, errorMessage: "The sandbox was stopped meanwhile", resourceIds: [] };

function isMoving({ updates }: ClusterRecord, name: string): boolean {
  return updates.some(
    ({ nodegroupName, shape }) =>
      nodegroupName === name && shape.status === "InProgress" && shape.type === "VersionUpdate",
  );
}

export function nodegroupKey({ shape }: NodegroupRecord): string {
  return `nodegroup/${shape.clusterName}/${shape.nodegroupName}`;
}

export function settleNodegroup(context: EksContext, record: ClusterRecord, { shape }: NodegroupRecord): void {
  if (shape.status === "DELETING") return;
  shape.status = "ACTIVE";
  shape.health = { issues: [] };
  shape.modifiedAt = timestamp(context);
  endUpdates(record, { nodegroupName: shape.nodegroupName });
  context.store.save(record);
}

async function bringUp(
  context: EksContext,
  record: ClusterRecord,
  nodegroup: NodegroupRecord,
  signal: AbortSignal,
): Promise<void> {
  const { shape } = nodegroup;
  const fail = (code: "NodeCreationFailure" | "InternalFailure", message: string, resourceIds: string[]) => {
    if (shape.status !== "CREATING") return;
    shape.status = "CREATE_FAILED";
    shape.health = { issues: [{ code, message, resourceIds }] };
    shape.modifiedAt = timestamp(context);
    context.store.save(record);
  };
  try {
    await letIn(context, record, shape.nodeRole);
    await ensureInstanceProfile(context, nodegroup);
    if (nodegroup.launchTemplateId === undefined) await writeLaunchTemplate(context, record, nodegroup);
    context.store.save(record);
    await ensureAutoScalingGroup(context, nodegroup);
    shape.resources = { autoScalingGroups: [{ name: groupName(nodegroup) }] };
    context.store.save(record);
    await scale(context, nodegroup);
  } catch (error) {
    if (!signal.aborted) fail("InternalFailure", messageOf(error), []);
    throw error;
  }
  if (await waitForNodes(context, nodegroup, signal)) {
    settleNodegroup(context, record, nodegroup);
    return;
  }
  const ids = (await instancesOf(context, nodegroup)).map(idOf);
  fail("NodeCreationFailure", "Instances failed to join the kubernetes cluster", ids);
}

/** Whether the desired number of nodes became Ready in time; also false when the group is to be deleted. */
async function waitForNodes(context: EksContext, nodegroup: NodegroupRecord, signal: AbortSignal): Promise<boolean> {
  const { shape } = nodegroup;
  const giveUpAt = context.now() + context.delays.nodeJoinTimeout;
  while (shape.status === "CREATING" && context.now() < giveUpAt) {
    const nodes = await readableNodes(context, nodegroup);
    if (nodes.filter(isReady).length >= (shape.scalingConfig.desiredSize ?? 0)) return true;
    await pause(context.delays.poll, signal);
  }
  return false;
}

/** An API server that restarts is no reason to give up. */
async function readableNodes(context: EksContext, nodegroup: NodegroupRecord): Promise<Node[]> {
  try {
    return await nodesOf(context, nodegroup);
  } catch {
    return [];
  }
}

async function takeDown(
  context: EksContext,
  record: ClusterRecord,
  nodegroup: NodegroupRecord,
  signal: AbortSignal,
): Promise<void> {
  const { shape } = nodegroup;
  await pause(context.delays.nodegroupDelete, signal);
  // The Node objects are the cloud controller's to delete, some time after their instances.
  try {
    await drain(context, nodegroup, signal);
    await deleteAutoScalingGroup(context, nodegroup);
    if (nodegroup.launchTemplateId !== undefined) await deleteLaunchTemplate(context, nodegroup.launchTemplateId);
    await deleteInstanceProfile(context, nodegroup);
  } catch (error) {
    if (!signal.aborted) {
      shape.status = "DELETE_FAILED";
      shape.health = { issues: [{ code: "InternalFailure", message: messageOf(error), resourceIds: [] }] };
      context.store.save(record);
    }
    throw error;
  }
  Reflect.deleteProperty(record.nodegroups, shape.nodegroupName);
  await keepOut(context, record, shape.nodeRole);
  record.updates = record.updates.filter(({ nodegroupName }) => nodegroupName !== shape.nodegroupName);
  context.store.save(record);
}

/** Pods that no other node takes, or that a disruption budget holds, end with their node after a while. */
async function drain(context: EksContext, nodegroup: NodegroupRecord, signal: AbortSignal): Promise<void> {
  const nodes = await readableNodes(context, nodegroup);
  await cordon(context, nodegroup, nodes);
  const giveUpAt = context.now() + context.delays.drainTimeout;
  while (context.now() < giveUpAt && !(await isDrained(context, nodegroup, nodes))) {
    await pause(context.delays.poll, signal);
  }
}

async function isDrained(context: EksContext, nodegroup: NodegroupRecord, nodes: readonly Node[]): Promise<boolean> {
  try {
    return await evictPods(context, nodegroup, nodes);
  } catch {
    // An API server that does not answer keeps EKS from nothing.
    return false;
  }
}

/** The cluster must know the nodes' role before the first of them logs in. */
async function letIn(context: EksContext, record: ClusterRecord, nodeRole: string): Promise<void> {
  if (record.shape.accessConfig.authenticationMode === "CONFIG_MAP") {
    await addNodeRole(planeOf(context, record.shape.name), nodeRole);
  } else if (record.accessEntries[nodeRole] === undefined) {
    createAccessEntry(context, record, { principalArn: nodeRole, type: "EC2_LINUX", managed: true });
  }
}

/** What EKS did for a node role goes with the last node group that uses it. */
async function keepOut(context: EksContext, record: ClusterRecord, nodeRole: string): Promise<void> {
  if (Object.values(record.nodegroups).some(({ shape }) => shape.nodeRole === nodeRole)) return;
  if (record.accessEntries[nodeRole]?.managed === true) Reflect.deleteProperty(record.accessEntries, nodeRole);
  const plane = context.planes.get(record.shape.name);
  if (record.shape.accessConfig.authenticationMode === "CONFIG_MAP" && plane !== undefined) {
    await removeNodeRole(plane, nodeRole);
  }
}
