import type { HubConfig } from "../config/hub-config.ts";
import { daysUntil, formatDay } from "../health/age.ts";
import { formatTable } from "../ui/table.ts";
import { compareVersions } from "../upgrade/compare-versions.ts";
import type { VersionRow } from "../upgrade/read-versions.ts";
import { afterStandardSupport, noticeDays } from "../upgrade/support.ts";
import type { UpgradeTarget } from "../upgrade/targets.ts";

interface Screen {
  now: Date;
  deployment: string;
}

export function formatVersions(
  rows: readonly VersionRow[],
  warnings: readonly string[],
  { now, deployment }: Screen,
): string {
  const cells = rows.map((row) => [
    row.what,
    shorten(row.running),
    shorten(row.locked),
    shorten(row.newest),
    describeSupport(row, now),
  ]);
  const hasNewer = rows.some(isBehind);
  return [
    ...formatTable([["", "RUNNING", "LOCKED", "NEWEST", "SUPPORT"], ...cells]),
    ...warnings.map((warning) => `! ${warning}`),
    hasNewer
      ? `To move: hubctl update --upgrade kubernetes|nodes|addons|hub|all --deployment ${deployment}`
      : "Nothing newer to move to.",
  ].join("\n");
}

/** What should not wait. */
export function warnAbout(rows: readonly VersionRow[], { cluster }: Pick<HubConfig, "cluster">, now: Date): string[] {
  return [...rows.flatMap((row) => warnOfSupport(row, cluster, now)), ...rows.flatMap(warnOfDifference)];
}

function warnOfSupport(
  { what, running, locked, supportEnds }: VersionRow,
  cluster: HubConfig["cluster"],
  now: Date,
): string[] {
  if (!supportEnds) return [];
  const days = daysUntil(supportEnds, now);
  if (days > noticeDays) return [];
  const version = `${what} ${running ?? locked ?? ""}`;
  const then = afterStandardSupport(cluster);
  return days < 0
    ? [`${version} is out of standard support since ${formatDay(supportEnds)}: ${then}`]
    : [`${version} has ${days} days of standard support left; from ${formatDay(supportEnds)} on ${then}`];
}

function warnOfDifference({ what, running, locked }: VersionRow): string[] {
  // Users' nodes follow by themselves, and the hub's own image is no record.
  if (running === undefined || locked === undefined || what === "users' nodes" || what === "hub image") return [];
  if (running === locked) return [];
  const target = noWayBack[what];
  const command =
    target !== undefined && compareVersions(running, locked) > 0 ? `update --upgrade ${target}` : "update";
  return [`${what} runs ${running}, but ${locked} is recorded: hubctl ${command} makes them equal`];
}

/** What EKS takes to no older version: the record follows what runs. */
const noWayBack: Readonly<Record<string, UpgradeTarget>> = { Kubernetes: "kubernetes", "node image": "nodes" };

function isBehind({ locked, newest }: VersionRow): boolean {
  return newest !== undefined && locked !== newest;
}

function describeSupport({ supportEnds, extendedSupportEnds }: VersionRow, now: Date): string {
  if (!supportEnds) return "";
  const days = daysUntil(supportEnds, now);
  if (days >= 0) return `standard until ${formatDay(supportEnds)}, ${days} days left`;
  if (!extendedSupportEnds) return `ended ${formatDay(supportEnds)}`;
  return `extended until ${formatDay(extendedSupportEnds)}, ${daysUntil(extendedSupportEnds, now)} days left`;
}

/** Of a digest, as much as tells one from another. */
function shorten(version: string | undefined): string {
  if (version === undefined) return "-";
  return version.startsWith("sha256:") ? version.slice(0, 19) : version;
}
