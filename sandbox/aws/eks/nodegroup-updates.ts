import type { UpdateNodegroupConfigRequest, UpdateNodegroupVersionRequest } from "@aws-sdk/client-eks";
import { timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter, messageOf } from "./errors.ts";
import { pause } from "./jobs.ts";
import { describeLaunchTemplate, writeLaunchTemplate } from "./launch-templates.ts";
import { idOf, instancesOf, launch, scale, setLimits, terminate } from "./nodegroup-capacity.ts";
import { cordon, instanceIdOf, isReady, nodesOf, relabel } from "./nodegroup-nodes.ts";
import { checkLabels, checkLaunchTemplate, checkScaling, releaseFor } from "./nodegroup-request.ts";
import { findNodegroup, nodegroupKey, settleNodegroup } from "./nodegroups.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord, NodegroupRecord, UpdateRecord } from "./state.ts";
import { beginUpdate, endUpdates } from "./updates.ts";
import type { UpdateParams } from "./updates.ts";
import type { Wire } from "./wire.ts";

type ConfigBody = Partial<Wire<UpdateNodegroupConfigRequest>>;
type VersionBody = Partial<Wire<UpdateNodegroupVersionRequest>>;

export function nodegroupUpdateOperations(context: EksContext): Operation[] {
  return [
    {
      name: "UpdateNodegroupConfig",
      method: "POST",
      path: "/clusters/{name}/node-groups/{nodegroupName}/update-config",
      run: (call) => updateConfig(context, call),
    },
    {
      name: "UpdateNodegroupVersion",
      method: "POST",
      path: "/clusters/{name}/node-groups/{nodegroupName}/update-version",
      run: (call) => updateVersion(context, call),
    },
  ];
}

/** The node group, if nothing else is under way in it. */
function settledNodegroup(
  context: EksContext,
  call: Call,
  operation: string,
): { record: ClusterRecord; nodegroup: NodegroupRecord } {
  const found = findNodegroup(context, call);
  const { shape } = found.nodegroup;
  if (shape.status !== "ACTIVE" && shape.status !== "DEGRADED") {
    throw inUse(`Cannot ${operation} because nodegroup ${shape.nodegroupName} is in status ${shape.status}`, {
      clusterName: shape.clusterName,
      nodegroupName: shape.nodegroupName,
    });
  }
  return found;
}

function begin(
  context: EksContext,
  record: ClusterRecord,
  { shape }: NodegroupRecord,
  type: "ConfigUpdate" | "VersionUpdate",
  params: UpdateParams,
): UpdateRecord {
  const update = beginUpdate(context, record, type, params, { nodegroupName: shape.nodegroupName });
  shape.status = "UPDATING";
  shape.modifiedAt = timestamp(context);
  context.store.save(record);
  return update;
}

function updateConfig(context: EksContext, call: Call): object {
  const { record, nodegroup } = settledNodegroup(context, call, "UpdateNodegroupConfig");
  const { shape } = nodegroup;
  const {
    labels,
    taints,
    scalingConfig,
    updateConfig: unavailable,
    nodeRepairConfig,
    warmPoolConfig,
  } = call.body as ConfigBody;
  const wantedScaling = { ...shape.scalingConfig, ...scalingConfig };
  checkScaling(wantedScaling);
  const added = labels?.addOrUpdateLabels ?? {};
  checkLabels(added);
  const removed = labels?.removeLabels ?? [];
  if ([labels, taints, scalingConfig, unavailable, nodeRepairConfig, warmPoolConfig].every((part) => !part)) {
    throw invalidParameter("At least one parameter of the node group must be changed");
  }
  const sentTaints = [...(taints?.addOrUpdateTaints ?? []), ...(taints?.removeTaints ?? [])];
  const taintKeys = new Set([...sentTaints, ...(shape.taints ?? [])].map(({ key = "" }) => key));
  const keptTaints = (shape.taints ?? []).filter(
    (taint) => !sentTaints.some(({ key, effect }) => key === taint.key && effect === taint.effect),
  );

  shape.scalingConfig = wantedScaling;
  shape.labels = {
    ...Object.fromEntries(Object.entries(shape.labels).filter(([key]) => !removed.includes(key))),
    ...added,
  };
  const allTaints = [...keptTaints, ...(taints?.addOrUpdateTaints ?? [])];
  if (allTaints.length > 0) shape.taints = allTaints;
  else delete shape.taints;
  if (unavailable) shape.updateConfig = unavailable;
  if (nodeRepairConfig) shape.nodeRepairConfig = nodeRepairConfig;
  if (warmPoolConfig) shape.warmPoolConfig = warmPoolConfig;
  const update = begin(context, record, nodegroup, "ConfigUpdate", {
    ...(labels ? { LabelsToAdd: added, LabelsToRemove: removed } : {}),
    ...(taints ? { TaintsToAdd: taints.addOrUpdateTaints ?? [], TaintsToRemove: taints.removeTaints ?? [] } : {}),
    ...(scalingConfig
      ? {
          MinSize: String(wantedScaling.minSize),
          MaxSize: String(wantedScaling.maxSize),
          DesiredSize: String(wantedScaling.desiredSize),
        }
      : {}),
  });
  context.jobs.start(nodegroupKey(nodegroup), async (signal) => {
    if (labels || taints) {
      await writeLaunchTemplate(context, record, nodegroup);
      context.store.save(record);
      const nodeLabels = { ...added, ...Object.fromEntries(removed.map((key) => [key, null])) };
      await relabel(context, nodegroup, { labels: nodeLabels, taintKeys });
    }
    await scale(context, nodegroup);
    await pause(context.delays.nodegroupUpdate, signal);
    settleNodegroup(context, record, nodegroup);
  });
  return { update: update.shape };
}

async function updateVersion(context: EksContext, call: Call): Promise<object> {
  const { record, nodegroup } = settledNodegroup(context, call, "UpdateNodegroupVersion");
  const { shape } = nodegroup;
  const body = call.body as VersionBody;
  const version = body.version ?? shape.version;
  const [wanted, limit] = [version, record.shape.version].map((minor) => Number(minor.split(".")[1]));
  if (wanted === undefined || limit === undefined || wanted > limit) {
    throw invalidParameter(
      `Nodegroup Kubernetes version ${version} cannot be greater than cluster version ${record.shape.version}`,
    );
  }
  const specification = body.launchTemplate && { ...shape.launchTemplate, ...body.launchTemplate };
  if (specification && shape.launchTemplate === undefined) {
    throw invalidParameter("A launch template cannot be given to a node group that was created without one.");
  }
  const template = specification && (await describeLaunchTemplate(context, idOnly(specification)));
  if (template) checkLaunchTemplate(template, {});
  const releaseVersion = releaseFor(shape.amiType, version, body.releaseVersion, template);
  const before = { version: shape.version, release: shape.releaseVersion, template: shape.launchTemplate };
  shape.version = version;
  if (shape.amiType !== "CUSTOM" || template) shape.releaseVersion = releaseVersion;
  if (template) {
    shape.launchTemplate = {
      id: template.LaunchTemplateId,
      name: template.LaunchTemplateName,
      version: body.launchTemplate?.version ?? String(template.VersionNumber),
    };
  }
  const update = begin(context, record, nodegroup, "VersionUpdate", {
    Version: version,
    ReleaseVersion: releaseVersion,
    ...(template ? { LaunchTemplateVersion: String(template.VersionNumber) } : {}),
  });
  context.jobs.start(nodegroupKey(nodegroup), async (signal) => {
    try {
      await writeLaunchTemplate(context, record, nodegroup);
      context.store.save(record);
      await replaceInstances(context, nodegroup, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      Object.assign(shape, { version: before.version, releaseVersion: before.release });
      if (before.template) shape.launchTemplate = before.template;
      endUpdates(
        record,
        { nodegroupName: shape.nodegroupName },
        { errorCode: "NodeCreationFailure", errorMessage: messageOf(error), resourceIds: [] },
      );
    }
    settleNodegroup(context, record, nodegroup);
  });
  return { update: update.shape };
}

function idOnly({
  id,
  name,
  version,
}: {
  id?: string | undefined;
  name?: string | undefined;
  version?: string | undefined;
}) {
  return id === undefined ? { name, version } : { id, version };
}

/** Starts new nodes beside the old ones, and ends the old ones when the new ones are Ready. */
async function replaceInstances(context: EksContext, nodegroup: NodegroupRecord, signal: AbortSignal): Promise<void> {
  const { minSize, maxSize } = nodegroup.shape.scalingConfig;
  const old = (await instancesOf(context, nodegroup)).map(idOf);
  await setLimits(context, nodegroup, { MinSize: 0, MaxSize: old.length * 2 + 1 });
  const made = old.length > 0 ? await launch(context, nodegroup, old.length) : [];
  const giveUpAt = context.now() + context.delays.nodeJoinTimeout;
  for (;;) {
    const nodes = await nodesOf(context, nodegroup);
    const ready = nodes.filter((node) => isReady(node) && made.includes(instanceIdOf(node)));
    if (ready.length >= made.length) {
      await cordon(
        context,
        nodegroup,
        nodes.filter((node) => old.includes(instanceIdOf(node))),
      );
      break;
    }
    if (context.now() >= giveUpAt) {
      await terminate(context, made);
      await setLimits(context, nodegroup, { MinSize: minSize, MaxSize: maxSize });
      throw new Error("Couldn't proceed with upgrade process as new nodes are not joining node group");
    }
    await pause(context.delays.poll, signal);
  }
  await terminate(context, old);
  await setLimits(context, nodegroup, { MinSize: minSize, MaxSize: maxSize });
}
