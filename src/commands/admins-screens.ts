import type { AdminCluster, Roster } from "../admins/cluster.ts";
import type { WayIn } from "../admins/ways-in.ts";
import type { Output } from "../ui/output.ts";
import type { OpenedCluster } from "./admin-cluster.ts";

const modes: Record<AdminCluster["mode"], string> = {
  API: "access entries",
  API_AND_CONFIG_MAP: "access entries, then aws-auth",
  CONFIG_MAP: "aws-auth only",
};

const viaWords: Record<WayIn["via"], string> = {
  "access-entry": "access entry",
  "aws-auth": "aws-auth",
  creator: "created the cluster",
};

export function formatGaps({ gaps }: Roster): string[] {
  return [...gaps];
}

/** What the proof is worth. */
export function standingNote({ standing }: Roster): string[] {
  if (standing.unreachable !== undefined) return ["so it can't be proved afterwards that you can still log in"];
  return [];
}

/** How to get in again when all else failed. */
export function rescueOf({ cluster: { name, region, mode, caller } }: OpenedCluster): string {
  const byEntry = `aws eks create-access-entry --cluster-name ${name} --region ${region} --principal-arn ${caller.arn}, then hubctl add-admin ${caller.arn} --cluster ${name} --region ${region}`;
  const byOther =
    "as another administrator (or as who created the cluster): kubectl replace -f with the copy of aws-auth named above";
  return mode === "CONFIG_MAP" ? byOther : byEntry;
}

/** What is known of a way in, for people and programs. */
export interface ListedWay extends WayIn {
  /** IAM has no such user or role any more. */
  isGone: boolean;
  isCaller: boolean;
}

export function describeWays(
  { name, region, mode }: AdminCluster,
  { standing, auth }: Roster,
  ways: readonly ListedWay[],
  output: Pick<Output, "style">,
): string[] {
  const rows = ways.map((way) => [way.access, way.arn, viaOf(way), remarksOf(way)]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells, index) => {
    const line = cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
    return ways[index]?.idle === undefined ? line : output.style("dim", line);
  });
  const accounts = auth?.accounts ?? [];
  return [
    `Cluster ${name} in ${region}; logins by ${modes[mode]}`,
    "",
    ...lines,
    ...(lines.length === 0 ? ["nobody"] : []),
    "",
    ...(accounts.length > 0
      ? [`Everybody in ${accounts.join(", ")} can log in, without any rights (mapAccounts)`]
      : []),
    ...(mode === "CONFIG_MAP" && !ways.some(({ via }) => via === "creator")
      ? ["Whoever created the cluster is its administrator, too; AWS does not tell who that was"]
      : []),
    youAre(standing),
  ];
}

function viaOf({ via, mapping, policies }: WayIn): string {
  if (mapping !== undefined) return `${mapping.map} line ${mapping.line}`;
  return policies.length === 0 ? viaWords[via] : `${viaWords[via]}: ${policies.join(", ")}`;
}

function remarksOf({ idle, isGone, isCaller, who }: ListedWay): string {
  return [
    ...(isCaller ? ["you"] : []),
    ...(who === "service" ? ["EKS itself"] : []),
    ...(isGone ? ["gone from IAM"] : []),
    ...(idle === undefined ? [] : [`counts for nothing: ${idle}`]),
  ].join("; ");
}

function youAre({ isLoggedIn, isAdmin, unreachable }: Roster["standing"]): string {
  if (unreachable !== undefined) return "Whether you can log in is not known: the API server can't be reached";
  if (!isLoggedIn) return "You can't log in to this cluster";
  return isAdmin ? "You are logged in as administrator" : "You can log in, but are no administrator";
}

export function waysToJson(
  { name, region, mode, caller }: AdminCluster,
  { standing, auth, gaps }: Roster,
  ways: readonly ListedWay[],
): object {
  return {
    cluster: name,
    region,
    authenticationMode: mode,
    caller: { arn: caller.arn, ...standing },
    admins: ways.map(({ entry, mapping, ...way }) => ({
      ...way,
      ...(entry && { policies: entry.policies.map(({ arn, namespaces }) => ({ arn, namespaces })) }),
      ...(mapping && { map: mapping.map, line: mapping.line }),
    })),
    accounts: auth?.accounts ?? [],
    unknown: gaps,
  };
}
