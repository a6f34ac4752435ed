import type { Proved } from "./ownership.ts";
import type { Owner, State } from "./resource.ts";

/** A cluster that carries hubctl:id, in any region in which hubctl has worked. */
export interface OwnCluster {
  id: string;
  name: string;
  region: string;
  status: string;
}

/** What a state bucket tells of a deployment. */
export interface DeploymentRecord {
  deployment: string;
  region: string;
  /** Every hubctl:id in its Terraform states. */
  ids: readonly string[];
  /** Those whose storage stack still holds something. */
  keptIds: readonly string[];
  isLocked: boolean;
}

/** What is known of deployments beside the resources themselves. */
export interface World {
  clusters: readonly OwnCluster[];
  records: readonly DeploymentRecord[];
}

/** Live: in use. Kept: data that outlived its cluster on purpose. */
export function stateOf({ found, owners, isConflict, stack }: Proved, world: World): State {
  const [owner] = owners;
  if (isConflict || owner === undefined || owners.length > 1) return "conflict";
  if (found.inUse !== undefined) return found.inUse ? "live" : "orphan";
  if (found.going) return "pending-deletion";
  if (isLive(owner, world)) return "live";
  return stack === "storage" && isKept(owner, world) ? "kept-data" : "orphan";
}

const aliveStatuses = new Set(["ACTIVE", "CREATING", "UPDATING"]);

/**
 * A deployment lives if its cluster does, or while somebody's run holds its lock: an install in progress has no cluster
 * yet, and whatever has the deployment's name may be its.
 */
function isLive(owner: Owner, { clusters, records }: World): boolean {
  const hasCluster = clusters.some(
    ({ id, name, status }) =>
      aliveStatuses.has(status) && (owner.id === undefined ? name === owner.deployment : id === owner.id),
  );
  return hasCluster || records.some(({ deployment, isLocked }) => isLocked && deployment === owner.deployment);
}

function isKept({ id, deployment }: Owner, { records }: World): boolean {
  return records.some(({ keptIds, deployment: recorded }) =>
    id === undefined ? recorded === deployment && keptIds.length > 0 : keptIds.includes(id),
  );
}
