import type { HubLock } from "../config/hub-lock.ts";
import { compareVersions, minorOf } from "./compare-versions.ts";

/** One version that differs between two lock files. */
export interface VersionChange {
  /** "Kubernetes", "add-on coredns", "chart jupyterhub", "image quay.io/x/y:1" */
  what: string;
  from: string;
  to: string;
}

/** What a move from one lock file to another changes, the gravest first. */
export function describeLockChanges(from: HubLock, to: HubLock): VersionChange[] {
  const changes: VersionChange[] = [];
  const compare = (what: string, before: string | undefined, after: string | undefined) => {
    if (before !== after) changes.push({ what, from: before ?? "none", to: after ?? "none" });
  };
  compare("Kubernetes", from.kubernetes, to.kubernetes);
  compare("node image", from.nodeImage.release, to.nodeImage.release);
  const compareAll = (
    kind: string,
    before: Readonly<Record<string, string>>,
    after: Readonly<Record<string, string>>,
  ) => {
    for (const name of namesOf(before, after)) compare(`${kind} ${name}`, before[name], after[name]);
  };
  compareAll("chart", from.charts, to.charts);
  compareAll("add-on", from.addons, to.addons);
  compareAll("image", from.images ?? {}, to.images ?? {});
  compare("provider hashicorp/aws", from.provider, to.provider);
  return changes;
}

/**
 * What of a move there is no way back from, as sentences; to be said before the move.
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html
 */
export function describeIrreversible(from: HubLock, to: HubLock): string[] {
  const lines: string[] = [];
  if (minorOf(from.kubernetes) < minorOf(to.kubernetes)) {
    lines.push(
      `Kubernetes can't go back from ${to.kubernetes} to ${from.kubernetes}: EKS has no way to an older version once the control plane has moved`,
    );
  }
  if (compareVersions(from.nodeImage.release, to.nodeImage.release) < 0) {
    lines.push(
      `the node image can't go back from ${to.nodeImage.release} to ${from.nodeImage.release}: EKS takes no node group to an older one`,
    );
  }
  return lines;
}

function namesOf(...records: readonly Readonly<Record<string, string>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
}
