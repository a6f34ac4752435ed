import { ListNodegroupsCommand } from "@aws-sdk/client-eks";
import {
  associatePolicy,
  createAccessEntry,
  deleteAccessEntry,
  disassociatePolicy,
  type AccessEntry,
} from "../aws/access-entries.ts";
import { UserError } from "../errors.ts";
import { describeAccess, groupsOf, isClusterAdminPolicy, mastersGroup, policyOf, type Access } from "./access.ts";
import { addMapping, mappingInForce, mappingsFor, type AwsAuth } from "./aws-auth.ts";
import type { AwsAuthMap } from "./aws-auth-map.ts";
import { existsInIam, type AdminCluster, type Roster } from "./cluster.ts";
import { changeOfMap } from "./map-change.ts";
import { isSamePrincipal, mapArn, type Principal } from "./principal.ts";
import type { Change } from "./prove.ts";

export type Method = "access-entry" | "aws-auth";

export interface AddRequest {
  principals: readonly Principal[];
  access: Access;
  method?: Method;
  saveBackup: (map: AwsAuthMap) => string;
  note: (line: string) => void;
}

export interface AddPlan {
  /** What is there already, and what is worth knowing. */
  notes: string[];
  /** One line for each change, for people. */
  lines: string[];
  changes: Change[];
}

/** What has to be done so that the principals get in with this access; throws where it can't or should not be done. */
export async function planAdd(cluster: AdminCluster, roster: Roster, request: AddRequest): Promise<AddPlan> {
  const method = chooseMethod(cluster, request.method);
  const principals = request.principals.filter(
    (one, index, all) => all.findIndex((other) => isSamePrincipal(one.arn, other.arn)) === index,
  );
  refuseNodes(roster, principals);
  return method === "access-entry"
    ? planEntries(cluster, roster, { ...request, principals })
    : await planMappings(cluster, roster, { ...request, principals });
}

function chooseMethod({ mode, name, region }: AdminCluster, wanted: Method | undefined): Method {
  const method = wanted ?? (mode === "CONFIG_MAP" ? "aws-auth" : "access-entry");
  if (method === "access-entry" && mode === "CONFIG_MAP") {
    throw new UserError("NoAccessEntries", `the cluster ${name} knows no access entries; it reads aws-auth only`, {
      hint: `leave out --method; or switch them on, which can't be taken back: aws eks update-cluster-config --name ${name} --region ${region} --access-config authenticationMode=API_AND_CONFIG_MAP`,
    });
  }
  if (method === "aws-auth" && mode === "API") {
    throw new UserError("AwsAuthNotRead", `the cluster ${name} does not read aws-auth`, { hint: "leave out --method" });
  }
  return method;
}

function refuseNodes({ ways }: Roster, principals: readonly Principal[]): void {
  for (const { arn } of principals) {
    if (!ways.some((way) => way.who === "nodes" && way.idle === undefined && isSamePrincipal(way.arn, arn))) continue;
    throw new UserError("PrincipalIsNodes", `${arn} is the role of nodes`, {
      hint: "every pod on them could take it; make a role of its own for people",
    });
  }
}

function planEntries(cluster: AdminCluster, { entries, auth }: Roster, request: AddRequest): AddPlan {
  const plan: AddPlan = { notes: [], lines: [], changes: [] };
  for (const principal of request.principals) {
    const existing = entries.find(({ arn }) => isSamePrincipal(arn, principal.arn));
    const wanted = wantedEntry(principal, request.access, existing);
    const words = describeAccess(request.access);
    if (wanted === undefined) {
      plan.notes.push(`${principal.arn} has ${words} already, by its access entry`);
      continue;
    }
    if (existing === undefined) takeOverFromMap(plan, wanted, principal, request.access, auth);
    const how = existing === undefined ? "new access entry" : "access entry, one policy more";
    plan.lines.push(`${wanted.arn}: ${words} (${how})`);
    plan.changes.push(changeOfEntry(cluster, wanted, existing));
  }
  return plan;
}

/** The entry with the policy added to what it has; undefined if that gives nothing new. */
function wantedEntry(principal: Principal, access: Access, existing: AccessEntry | undefined): AccessEntry | undefined {
  const base: AccessEntry = existing ?? {
    arn: principal.arn,
    type: "STANDARD",
    username: undefined,
    groups: [],
    policies: [],
    tags: { "hubctl:added-by": "add-admin" },
  };
  const arn = policyOf(access, principal.partition);
  if (base.policies.some((policy) => isClusterAdminPolicy(policy.arn) && policy.namespaces === undefined))
    return undefined;
  const same = base.policies.find((policy) => policy.arn === arn);
  if (same !== undefined && same.namespaces === undefined) return undefined;
  const namespaces = access.namespaces && [...new Set([...(same?.namespaces ?? []), ...access.namespaces])];
  if (same?.namespaces !== undefined && namespaces?.length === same.namespaces.length) return undefined;
  return { ...base, policies: [...base.policies.filter((policy) => policy !== same), { arn, namespaces }] };
}

/** A new entry puts the principal's line in aws-auth out of force, so it must not give less. */
function takeOverFromMap(
  plan: AddPlan,
  wanted: { groups: readonly string[] },
  { arn }: Principal,
  access: Access,
  auth: AwsAuth | undefined,
): void {
  const mapping = auth && mappingInForce(auth, arn);
  if (mapping === undefined) return;
  const isFull = access.level === "admin" && access.namespaces === undefined;
  if (mapping.groups.includes(mastersGroup) && !isFull) {
    throw new UserError(
      "WouldLowerAccess",
      `${arn} is an administrator by ${mapping.map} of aws-auth; an access entry for ${describeAccess(access)} would win, and take that away`,
      { hint: `if that is what you want, first: hubctl admins remove ${arn}` },
    );
  }
  wanted.groups = mapping.groups.filter((group) => !group.startsWith("system:"));
  const kept = wanted.groups.length === 0 ? "" : `; its groups (${wanted.groups.join(", ")}) are in the entry`;
  plan.notes.push(`${arn} stands in ${mapping.map} of aws-auth, too, which counts for nothing beside an entry${kept}`);
}

function changeOfEntry({ aws, name }: AdminCluster, wanted: AccessEntry, existing: AccessEntry | undefined): Change {
  const what = `access entry of ${wanted.arn}`;
  if (existing === undefined) {
    return {
      what,
      apply: () => createAccessEntry(aws, name, wanted),
      undo: () => deleteAccessEntry(aws, name, wanted.arn),
    };
  }
  const arn = existing.arn;
  const changed = wanted.policies.filter((policy) => !existing.policies.includes(policy));
  return {
    what,
    async apply() {
      for (const policy of changed) await associatePolicy(aws, name, arn, policy);
    },
    async undo() {
      for (const policy of changed) {
        const before = existing.policies.find((one) => one.arn === policy.arn);
        if (before === undefined) await disassociatePolicy(aws, name, arn, policy.arn);
        else await associatePolicy(aws, name, arn, before);
      }
    },
  };
}

async function planMappings(cluster: AdminCluster, roster: Roster, request: AddRequest): Promise<AddPlan> {
  const { map, auth, entries, gaps } = roster;
  if (map === undefined || auth === undefined) {
    throw new UserError("AwsAuthNotReadable", gaps[0] ?? "aws-auth could not be read", {
      hint: "run it as an administrator of the cluster, from where its API server can be reached",
    });
  }
  refuseEntries(entries, request.principals);
  if (!map.exists) await refuseUnsafeMap(cluster);
  const plan: AddPlan = { notes: [], lines: [], changes: [] };
  const groups = groupsOf(request.access);
  const missing = request.principals.filter((principal) => {
    const inForce = mappingInForce(auth, principal.arn);
    const rest = mappingsFor(auth, principal.arn).length - (inForce === undefined ? 0 : 1);
    const isThere =
      inForce?.groups.includes(mastersGroup) === true || groups.every((group) => inForce?.groups.includes(group));
    if (isThere && rest === 0) {
      plan.notes.push(`${principal.arn} has ${describeAccess(request.access)} already, by aws-auth`);
      return false;
    }
    const how = inForce === undefined ? "new line" : "its line gets the group";
    const merged = rest === 0 ? "" : `; ${rest} more of its lines, which let nobody in, go`;
    plan.lines.push(`${mapArn(principal)}: ${describeAccess(request.access)} (aws-auth, ${how}${merged})`);
    return true;
  });
  if (missing.length === 0) return plan;
  if (map.manager !== undefined) {
    plan.notes.push(`aws-auth says that ${map.manager} manages it, which may take this away again: put it there, too`);
  }
  const edit = (data: AwsAuthMap["data"]) =>
    missing.reduce((edited, principal) => addMapping(edited, principal, groupsToAdd(auth, principal, groups)), data);
  const { access, saveBackup, note } = request;
  plan.changes.push(changeOfMap(cluster, { edit, access, saveBackup, note }));
  return plan;
}

/** Whoever may do everything already needs no lesser group. */
function groupsToAdd(auth: AwsAuth, { arn }: Principal, groups: readonly string[]): readonly string[] {
  return mappingInForce(auth, arn)?.groups.includes(mastersGroup) === true ? [] : groups;
}

function refuseEntries(entries: readonly AccessEntry[], principals: readonly Principal[]): void {
  const [first] = principals.filter((one) => entries.some(({ arn }) => isSamePrincipal(arn, one.arn)));
  if (first === undefined) return;
  throw new UserError("EntryWins", `${first.arn} has an access entry, which wins over whatever aws-auth says`, {
    hint: `hubctl add-admin ${first.arn} --method access-entry`,
  });
}

/** Where nodes log in by the map, a new one without their roles would hide that somebody has deleted theirs. */
async function refuseUnsafeMap({ mode, aws, api, name, region }: AdminCluster): Promise<void> {
  if (mode !== "CONFIG_MAP") return;
  const { nodegroups = [] } = await aws.eks.send(new ListNodegroupsCommand({ clusterName: name }));
  const nodes = (await (await api.logIn()).get("/api/v1/nodes?limit=1")) as { items?: unknown[] } | undefined;
  if (nodegroups.length === 0 && (nodes?.items ?? []).length === 0) return;
  throw new UserError("AwsAuthMissing", `the ConfigMap aws-auth is missing, though the nodes of ${name} log in by it`, {
    hint: `restore it first, with the nodes' role in mapRoles (its ARN: aws eks describe-nodegroup --cluster-name ${name} --region ${region} --nodegroup-name ${nodegroups[0] ?? "NAME"} --query nodegroup.nodeRole), then run it again`,
  });
}

/** What can't be checked is said; who is not there is refused. The ARNs are IAM's own, with their paths. */
export async function checkInIam(
  cluster: AdminCluster,
  principals: readonly Principal[],
  method: Method | undefined,
  note: (line: string) => void,
): Promise<Principal[]> {
  return Promise.all(principals.map((principal) => checkOne(cluster, principal, method, note)));
}

async function checkOne(
  cluster: AdminCluster,
  principal: Principal,
  method: Method | undefined,
  note: (line: string) => void,
): Promise<Principal> {
  const { arn, partition, kind, name, account } = principal;
  if (partition !== cluster.partition) {
    throw new UserError(
      "OtherPartition",
      `${arn} is in the partition ${partition}, the cluster in ${cluster.partition}`,
      {
        hint: "name a user or role of the cluster's own partition",
      },
    );
  }
  const found = await existsInIam(cluster, arn);
  if (found === undefined) {
    if (principal.isFromSession && method !== "aws-auth" && cluster.mode !== "CONFIG_MAP") {
      throw new UserError(
        "RolePathUnknown",
        `the path of the role ${name} in the account ${account} is not in a session's ARN`,
        {
          hint: "name the role itself: aws iam get-role --role-name " + name + " (in its own account)",
        },
      );
    }
    note(
      `! whether ${arn} exists could not be checked: ${account === cluster.caller.account ? "this login may not ask IAM" : `it is in the account ${account}`}`,
    );
    return principal;
  }
  if (found === false || (found.toLowerCase() !== arn.toLowerCase() && principal.path !== "/")) {
    throw new UserError("PrincipalNotFound", `there is no IAM ${kind} ${arn}`, {
      hint: typeof found === "string" ? `the ${kind} of this name is ${found}` : `look for it: aws iam list-${kind}s`,
    });
  }
  if (principal.isFromSession) note(`the ARN is one of a session; the role is ${found}`);
  else if (found !== arn) note(`${name} has a path: ${found}`);
  return { ...principal, arn: found };
}
