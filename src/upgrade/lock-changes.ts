import type { HubLock } from "../config/hub-lock.ts";
import { minorOf } from "./compare-versions.ts";

/** One version that differs between two lock files. */
export interface VersionChange {
  /** "Kubernetes", "add-on coredns", "chart jupyterhub", "image quay.io/x/y:1" */
  what: string;
  from: string;
  to: string;
  /** What the hub's users notice. */
  effect: string;
}

const coreNodesMove =
  "the core nodes are replaced: the hub is away for about 2 minutes, running servers go on without it";

/** What a move from one lock file to another changes, the gravest first. */
export function describeLockChanges(from: HubLock, to: HubLock): VersionChange[] {
  const changes: VersionChange[] = [];
  const compare = (what: string, before: string | undefined, after: string | undefined, effect: string) => {
    if (before !== after) changes.push({ what, from: before ?? "none", to: after ?? "none", effect });
  };
  compare("Kubernetes", from.kubernetes, to.kubernetes, `no way back; ${coreNodesMove}`);
  compare(
    "node image",
    from.nodeImage.release,
    to.nodeImage.release,
    `${coreNodesMove}; a user's node is replaced when it is empty`,
  );
  for (const name of namesOf(from.charts, to.charts)) {
    compare(`chart ${name}`, from.charts[name], to.charts[name], chartEffects[name] ?? "no effect on running servers");
  }
  for (const name of namesOf(from.addons, to.addons)) {
    compare(`add-on ${name}`, from.addons[name], to.addons[name], "no effect on running servers");
  }
  for (const name of namesOf(from.images ?? {}, to.images ?? {})) {
    compare(`image ${name}`, from.images?.[name], to.images?.[name], "servers that start from then on");
  }
  compare("provider hashicorp/aws", from.provider, to.provider, "no effect on running servers");
  return changes;
}

const chartEffects: Readonly<Record<string, string>> = {
  jupyterhub: "the hub restarts, and its database may be migrated: about 1 minute away; running servers go on",
  karpenter: "no new user's node for about a minute; running servers go on",
};

/** What of a move there is no way back from, as sentences; to be said before the move. */
export function describeIrreversible(from: HubLock, to: HubLock): string[] {
  if (minorOf(from.kubernetes) >= minorOf(to.kubernetes)) return [];
  return [
    `Kubernetes can't go back from ${to.kubernetes} to ${from.kubernetes}: EKS has no way to an older version once the control plane has moved`,
  ];
}

function namesOf(...records: readonly Readonly<Record<string, string>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
}
