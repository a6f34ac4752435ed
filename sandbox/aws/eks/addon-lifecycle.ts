import { specOf } from "./addon-request.ts";
import { planeOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { messageOf } from "./errors.ts";
import { pause } from "./jobs.ts";
import type { AddonRecord, ClusterRecord } from "./state.ts";
import { endUpdates } from "./updates.ts";

/** Starts what the status of an add-on asks for; also after a restart. */
export function resumeAddon(context: EksContext, record: ClusterRecord, addon: AddonRecord): void {
  const { addonName, clusterName, status } = addon.shape;
  const key = `addon/${clusterName}/${addonName}`;
  if (status === "DELETING") context.jobs.start(key, (signal) => takeAway(context, record, addon, signal));
  else if (status !== "ACTIVE") context.jobs.start(key, (signal) => install(context, record, addon, signal));
}

async function install(
  context: EksContext,
  record: ClusterRecord,
  addon: AddonRecord,
  signal: AbortSignal,
): Promise<void> {
  const { shape } = addon;
  const { delays } = context;
  // A pod that is admitted before its association has spread never gets credentials.
  await pause(Math.max(0, spreadAt(record, addon) - context.now()), signal);
  const isUpdate = shape.status === "UPDATING";
  const spec = specOf(shape);
  const readyAt = context.now() + (isUpdate ? delays.addonUpdate : delays.addonCreate);
  const degradedAt = context.now() + delays.addonTimeout;
  const isWanted = () => shape.status !== "DELETING" && record.addons[shape.addonName] === addon;
  let isApplied = false;
  while (isWanted()) {
    let reason: string;
    try {
      const plane = planeOf(context, shape.clusterName);
      if (!isApplied) await context.dataPlane.applyAddon(plane, spec);
      isApplied = true;
      const readiness = await context.dataPlane.addonReady(plane, spec);
      if (readiness.ready) {
        await pause(Math.max(0, readyAt - context.now()), signal);
        if (isWanted()) settle(context, record, addon);
        return;
      }
      reason = readiness.reason;
    } catch (error) {
      if (signal.aborted) throw error;
      reason = messageOf(error);
    }
    if (context.now() >= degradedAt && isWanted()) degrade(context, record, addon, reason, isUpdate);
    await pause(delays.poll, signal);
  }
}

function spreadAt(record: ClusterRecord, addon: AddonRecord): number {
  const owned = Object.values(record.associations).filter(({ shape }) => shape.ownerArn === addon.shape.addonArn);
  return Math.max(0, ...owned.map(({ effectiveAt }) => effectiveAt));
}

function settle(context: EksContext, record: ClusterRecord, addon: AddonRecord): void {
  addon.shape.status = "ACTIVE";
  addon.shape.health = { issues: [] };
  addon.shape.modifiedAt = timestamp(context);
  endUpdates(record, { addonName: addon.shape.addonName });
  context.store.save(record);
}

/** The add-on is looked at further: it becomes ACTIVE when its pods run after all. */
function degrade(
  context: EksContext,
  record: ClusterRecord,
  addon: AddonRecord,
  reason: string,
  isUpdate: boolean,
): void {
  const { shape } = addon;
  const code = "InsufficientNumberOfReplicas";
  const message = `The add-on is unhealthy because ${reason}`;
  if (shape.status === "DEGRADED" && shape.health.issues?.[0]?.message === message) return;
  shape.status = "DEGRADED";
  shape.health = { issues: [{ code, message, resourceIds: [] }] };
  shape.modifiedAt = timestamp(context);
  if (isUpdate) {
    endUpdates(record, { addonName: shape.addonName }, { errorCode: code, errorMessage: message, resourceIds: [] });
  }
  context.store.save(record);
}

async function takeAway(
  context: EksContext,
  record: ClusterRecord,
  addon: AddonRecord,
  signal: AbortSignal,
): Promise<void> {
  const { shape } = addon;
  await pause(context.delays.addonDelete, signal);
  const plane = context.planes.get(shape.clusterName);
  if (plane !== undefined && addon.preserve !== true) {
    try {
      await context.dataPlane.removeAddon(plane, specOf(shape));
    } catch (error) {
      shape.status = "DELETE_FAILED";
      shape.health = { issues: [{ code: "ClusterUnreachable", message: messageOf(error), resourceIds: [] }] };
      context.store.save(record);
      throw error;
    }
  }
  record.associations = withoutOwned(record, addon);
  Reflect.deleteProperty(record.addons, shape.addonName);
  context.store.save(record);
}

/** The associations of the cluster but for those of the add-on. */
export function withoutOwned(record: ClusterRecord, addon: AddonRecord): ClusterRecord["associations"] {
  return Object.fromEntries(
    Object.entries(record.associations).filter(([, { shape }]) => shape.ownerArn !== addon.shape.addonArn),
  );
}
