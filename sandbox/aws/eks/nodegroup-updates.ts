import type { UpdateNodegroupConfigRequest } from "@aws-sdk/client-eks";
import { timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { inUse, invalidParameter } from "./errors.ts";
import { pause } from "./jobs.ts";
import { writeLaunchTemplate } from "./launch-templates.ts";
import { scale } from "./nodegroup-capacity.ts";
import { relabel } from "./nodegroup-nodes.ts";
import { checkLabels, checkScaling } from "./nodegroup-request.ts";
import { findNodegroup, nodegroupKey, settleNodegroup } from "./nodegroups.ts";
import type { Call, Operation } from "./router.ts";
import type { ClusterRecord, NodegroupRecord, UpdateRecord } from "./state.ts";
import { beginUpdate } from "./updates.ts";
import type { UpdateParams } from "./updates.ts";
import type { Wire } from "./wire.ts";

type ConfigBody = Partial<Wire<UpdateNodegroupConfigRequest>>;

export function nodegroupUpdateOperations(context: EksContext): Operation[] {
  return [
    {
      name: "UpdateNodegroupConfig",
      method: "POST",
      path: "/clusters/{name}/node-groups/{nodegroupName}/update-config",
      run: (call) => updateConfig(context, call),
    },
  ];
}

/** The node group, if nothing else is under way in it. */
export function settledNodegroup(
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

export function beginNodegroupUpdate(
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
  const update = beginNodegroupUpdate(context, record, nodegroup, "ConfigUpdate", {
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
