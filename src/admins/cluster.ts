import { listAccessEntries, type AccessEntry } from "../aws/access-entries.ts";
import type { AwsClients } from "../aws/clients.ts";
import { lookUpPrincipal } from "../aws/iam-principals.ts";
import { readAwsAuth, type AwsAuth } from "./aws-auth.ts";
import { readAwsAuthMap, type AwsAuthMap } from "./aws-auth-map.ts";
import type { ApiServer, Standing } from "./api-server.ts";
import { findPrincipal, type Principal } from "./principal.ts";
import { creatorName, findWaysIn, type LoginMode, type WayIn } from "./ways-in.ts";

/** The cluster whose admins are looked at or changed, whoever made it. */
export interface AdminCluster {
  name: string;
  region: string;
  partition: string;
  mode: LoginMode;
  aws: AwsClients;
  api: ApiServer;
  /** The user or role of whoever runs this. */
  caller: Principal;
  /** Who installed it, if hubctl did: Terraform keeps that entry. */
  installer: string | undefined;
}

export interface Roster {
  standing: Standing;
  entries: readonly AccessEntry[];
  /** Undefined where the cluster does not read it, or it could not be read. */
  map: AwsAuthMap | undefined;
  auth: AwsAuth | undefined;
  ways: readonly WayIn[];
  /** What could not be looked at, and why. */
  gaps: readonly string[];
}

/** Asks AWS and the API server who gets in. A malformed aws-auth is an error: what is changed beside it can't be judged. */
export async function readRoster(cluster: AdminCluster): Promise<Roster> {
  const { mode, aws, name, api, caller } = cluster;
  const [entries, standing] = await Promise.all([
    mode === "CONFIG_MAP" ? [] : listAccessEntries(aws, name),
    api.standing(),
  ]);
  const { map, gap } = mode === "API" ? {} : await tryReadMap(api, standing);
  const auth = map && readAwsAuth(map.data);
  const isCreator = mode === "CONFIG_MAP" && standing.username === creatorName;
  const ways = findWaysIn(mode, { entries, ...(auth && { auth }), ...(isCreator && { creator: caller.arn }) });
  return { standing, entries, map, auth, ways, gaps: gap === undefined ? [] : [gap] };
}

async function tryReadMap(api: ApiServer, standing: Standing): Promise<{ map?: AwsAuthMap; gap?: string }> {
  if (standing.unreachable !== undefined) {
    return { gap: `aws-auth could not be read: the API server can't be reached (${standing.unreachable.trim()})` };
  }
  if (!standing.isLoggedIn) return { gap: "aws-auth could not be read: the cluster does not let this login in" };
  try {
    return { map: await readAwsAuthMap(await api.logIn()) };
  } catch (error) {
    if (standing.isAdmin) throw error;
    return { gap: "aws-auth could not be read: this login may not" };
  }
}

/** The ARN that IAM has for a principal, false if it has none; undefined where it can't be asked, as of other accounts. */
export async function existsInIam({ aws, caller }: AdminCluster, arn: string): Promise<string | false | undefined> {
  const principal = findPrincipal(arn);
  if (principal?.account !== caller.account) return undefined;
  const lookup = await lookUpPrincipal(aws, principal);
  return "arn" in lookup ? lookup.arn : "missing" in lookup ? false : undefined;
}
