import { describeCluster } from "../aws/cluster.ts";
import type { Drift } from "../engine/object-change.ts";
import type { Installation } from "../steps/installation.ts";
import { findReleaseDrift } from "./release-drift.ts";
import { countServers, type RunningServers } from "./running-servers.ts";

/** What the checks of steps do not ask the cluster. */
export interface ClusterLook {
  servers?: RunningServers;
  /** By the step that installs the release. */
  drift: ReadonlyMap<string, readonly Drift[]>;
}

/** Nothing of a cluster that is not there, or is not this deployment's. */
export async function lookAtCluster(installation: Installation): Promise<ClusterLook> {
  const { aws, config, exec } = installation;
  const { lock, recorded } = await installation.lock();
  const cluster = recorded ? await describeCluster(aws, config.name) : undefined;
  if (cluster?.tags?.["hubctl:id"] !== lock.id) return { drift: new Map() };
  const target = await installation.kubeTarget();
  if (!target) return { drift: new Map() };
  const [servers, drift] = await Promise.all([countServers(exec, target), findReleaseDrift(exec, target, config)]);
  return { servers, drift };
}
