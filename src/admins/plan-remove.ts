import { createAccessEntry, deleteAccessEntry } from "../aws/access-entries.ts";
import { UserError } from "../errors.ts";
import { removeMappings } from "./aws-auth.ts";
import type { AwsAuthMap } from "./aws-auth-map.ts";
import { existsInIam, type AdminCluster, type Roster } from "./cluster.ts";
import { changeOfMap } from "./map-change.ts";
import { isSamePrincipal, type Principal } from "./principal.ts";
import type { Change } from "./prove.ts";
import { administratorsOf, type WayIn } from "./ways-in.ts";

export interface RemovalRequest {
  principal: Principal;
  isForced: boolean;
  saveBackup: (map: AwsAuthMap) => string;
  note: (line: string) => void;
}

export interface RemovalPlan {
  /** What breaks with it; empty for an ordinary removal. */
  warnings: string[];
  lines: string[];
  changes: Change[];
}

/** All ways in of one user or role go: of two, the one that is left would come into force. */
export async function planRemoval(
  cluster: AdminCluster,
  roster: Roster,
  { principal, isForced, saveBackup, note }: RemovalRequest,
): Promise<RemovalPlan> {
  const ways = roster.ways.filter(({ arn, via }) => via !== "creator" && isSamePrincipal(arn, principal.arn));
  if (ways.length === 0) throw noWayIn(cluster, roster, principal);
  const warnings = [
    ...callerWarning(cluster, principal),
    ...nodesWarning(ways),
    ...(await lastAdminWarning(cluster, roster, principal, ways)),
  ];
  if (warnings.length > 0 && !isForced) {
    throw new UserError("RemovalRefused", `${principal.arn} is not removed from ${cluster.name}`, {
      output: warnings.join("\n"),
      hint: "if that is what you want, run it again with --force",
    });
  }
  if (cluster.installer !== undefined && isSamePrincipal(cluster.installer, principal.arn)) {
    warnings.push("it installed the hub: the next hubctl install gives it its access entry again");
  }
  const entry = ways.find((way) => way.entry !== undefined)?.entry;
  const isMapped = ways.some(({ mapping }) => mapping !== undefined);
  const edit = (data: AwsAuthMap["data"]) => removeMappings(data, principal.arn);
  return {
    warnings,
    lines: ways.map(({ arn, via, access, idle }) => {
      const from = via === "aws-auth" ? "its line in aws-auth" : "its access entry";
      return `${arn}: ${from} (${access}${idle === undefined ? "" : `, which counts for nothing: ${idle}`})`;
    }),
    changes: [
      // While there is an entry, the map says nothing of it: in this order neither gives more than before.
      ...(isMapped ? [changeOfMap(cluster, { edit, saveBackup, note })] : []),
      ...(entry === undefined
        ? []
        : [
            {
              what: `access entry of ${entry.arn}`,
              apply: () => deleteAccessEntry(cluster.aws, cluster.name, entry.arn),
              undo: () => createAccessEntry(cluster.aws, cluster.name, entry),
            },
          ]),
    ],
  };
}

function noWayIn({ name, region, mode }: AdminCluster, { gaps }: Roster, { arn }: Principal): UserError {
  const isCreatorPossible =
    mode === "CONFIG_MAP" ? "; who created the cluster is in no list, and stays its administrator" : "";
  return new UserError("NoWayIn", `nothing lets ${arn} into ${name}${isCreatorPossible}`, {
    ...(gaps.length > 0 && { output: gaps.join("\n") }),
    hint: `hubctl admins --cluster ${name} --region ${region}`,
  });
}

function callerWarning({ caller }: AdminCluster, { arn }: Principal): string[] {
  if (!isSamePrincipal(caller.arn, arn)) return [];
  return ["it is you: unless you get in another way, the removal is undone"];
}

function nodesWarning(ways: readonly WayIn[]): string[] {
  if (ways.some(({ who }) => who === "service")) return ["EKS itself works in the cluster with it"];
  if (!ways.some(({ who }) => who === "nodes")) return [];
  return [
    "nodes log in with it: they would become NotReady within a minute, their pods would go, and no new ones would join",
  ];
}

async function lastAdminWarning(
  cluster: AdminCluster,
  { ways, gaps }: Roster,
  principal: Principal,
  going: readonly WayIn[],
): Promise<string[]> {
  if (administratorsOf(going).length === 0) return [];
  const others = administratorsOf(ways).filter(({ arn }) => !isSamePrincipal(arn, principal.arn));
  // Whoever is gone from IAM can't log in.
  const alive = await Promise.all(others.map(({ arn }) => existsInIam(cluster, arn)));
  if (alive.some((one) => one !== false)) return [];
  const hidden = cluster.mode === "CONFIG_MAP" ? ", but for whoever created it, which AWS does not tell" : "";
  const unknown = gaps.length > 0 ? ` (${gaps.join("; ")})` : "";
  return [`nobody else would be left who is administrator of the cluster${hidden}${unknown}`];
}
