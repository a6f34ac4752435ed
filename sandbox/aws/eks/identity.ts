import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import type { Principal } from "../types.ts";
import { accessPolicyGroup, applyNamespaceBinding } from "./access-policy-catalog.ts";
import { listIn, mappingsIn, readAwsAuth } from "./aws-auth.ts";
import { unless } from "./clients.ts";
import type { EksContext } from "./context.ts";
import { findRoleByName, parsePrincipalArn } from "./iam.ts";
import type { AccessEntryRecord, ClusterRecord } from "./state.ts";

/** What the login webhook answers. */
export interface KubernetesIdentity {
  username: string;
  groups: string[];
}

/** A caller as EKS compares it: sessions of a role count as the role, whose path they do not tell. */
interface Caller {
  account: string;
  kind: "role" | "user";
  name: string;
  arn: string;
  sessionName?: string;
}

const sessionPattern = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/;

function callerOf(principal: Principal): Caller {
  const [, account, name, sessionName] = sessionPattern.exec(principal.arn) ?? [];
  if (account !== undefined && name !== undefined && sessionName !== undefined) {
    return { account, kind: "role", name, arn: `arn:aws:iam::${account}:role/${name}`, sessionName };
  }
  const name2 = parsePrincipalArn(principal.arn)?.name ?? principal.arn;
  return { account: principal.account, kind: "user", name: name2, arn: principal.arn };
}

/** The ARN of the IAM user or role behind a caller, with the role's path. */
export async function canonicalArn(context: EksContext, principal: Principal): Promise<string> {
  const caller = callerOf(principal);
  if (caller.kind === "user") return caller.arn;
  return (await findRoleByName(context, caller.name))?.Arn ?? caller.arn;
}

/** Access entries first, then aws-auth, each as far as the cluster's authentication mode knows it. */
export async function identityIn(
  context: EksContext,
  cluster: string,
  principal: Principal,
): Promise<KubernetesIdentity | undefined> {
  const record = context.store.find(cluster);
  if (record === undefined) return undefined;
  const caller = callerOf(principal);
  const mode = record.shape.accessConfig.authenticationMode;
  if (mode !== "CONFIG_MAP") {
    const entry = entryOf(record, caller, context.now());
    if (entry !== undefined) return await identityOfEntry(context, entry, caller);
  }
  if (mode === "API") return undefined;
  if (mode === "CONFIG_MAP" && record.creatorIsAdmin && isSame(caller, record.creatorArn)) {
    return { username: "kubernetes-admin", groups: ["system:masters"] };
  }
  return await identityOfConfigMap(context, cluster, caller);
}

/** A change holds only when it has spread; until then all is as it was. */
function entryOf(record: ClusterRecord, caller: Caller, now: number): AccessEntryRecord | undefined {
  const settled = Object.values(record.accessEntries).filter(({ effectiveAt }) => effectiveAt <= now);
  const fading = (record.fadingEntries ?? []).filter(({ until }) => until > now).map(({ entry }) => entry);
  return [...settled, ...fading].find(({ shape }) => isSame(caller, shape.principalArn));
}

function isSame(caller: Caller, arn: string): boolean {
  const principal = parsePrincipalArn(arn);
  if (principal === undefined) return caller.arn === arn;
  const { account, kind, name } = principal;
  return account === caller.account && kind === caller.kind && name === caller.name;
}

async function identityOfEntry(
  context: EksContext,
  entry: AccessEntryRecord,
  caller: Caller,
): Promise<KubernetesIdentity | undefined> {
  const { username, kubernetesGroups, clusterName } = entry.shape;
  const groups = [...kubernetesGroups];
  const plane = context.planes.get(clusterName);
  for (const { shape, effectiveAt } of entry.policies) {
    if (context.now() < effectiveAt) continue;
    const { type, namespaces = [] } = shape.accessScope;
    if (type !== "namespace") groups.push(accessPolicyGroup(shape.policyArn));
    for (const namespace of namespaces) {
      const isThere = (await plane?.kube.get(`/api/v1/namespaces/${namespace}`)) !== undefined;
      if (plane === undefined || !isThere) continue;
      await applyNamespaceBinding(plane, shape.policyArn, namespace);
      groups.push(accessPolicyGroup(shape.policyArn, namespace));
    }
  }
  return await resolved(context, caller, username, groups);
}

async function identityOfConfigMap(
  context: EksContext,
  cluster: string,
  caller: Caller,
): Promise<KubernetesIdentity | undefined> {
  const { mapRoles, mapUsers, mapAccounts } = await readAwsAuth(context.planes.get(cluster));
  const arns = [
    ...mappingsIn(mapUsers).map((one) => ({ ...one, arn: one.userarn })),
    ...mappingsIn(mapRoles).map((one) => ({ ...one, arn: one.rolearn })),
  ];
  // The authenticator compares whole ARNs, and a session's ARN has no path: a mapping of a role with a path never fits.
  // It looks at mapRoles first, whatever the caller is, and of one ARN's entries it keeps the last.
  const mapping = arns.findLast(({ arn }) => typeof arn === "string" && arn.toLowerCase() === caller.arn.toLowerCase());
  if (mapping !== undefined) {
    return await resolved(context, caller, mapping.username ?? caller.arn, mapping.groups ?? []);
  }
  const accounts = listIn(mapAccounts).map(String);
  return accounts.includes(caller.account) ? { username: caller.arn, groups: [] } : undefined;
}

async function resolved(
  context: EksContext,
  caller: Caller,
  username: string,
  groups: string[],
): Promise<KubernetesIdentity | undefined> {
  const session = caller.sessionName ?? "";
  let name = username
    .replaceAll("{{AccountID}}", caller.account)
    .replaceAll("{{SessionNameRaw}}", session)
    .replaceAll("{{SessionName}}", session.replaceAll("@", "-"));
  if (name.includes("{{EC2PrivateDNSName}}")) {
    const dnsName = await privateDnsName(context, session);
    if (dnsName === undefined) return undefined;
    name = name.replaceAll("{{EC2PrivateDNSName}}", dnsName);
  }
  return { username: name, groups };
}

/** A node's session is named after its instance. */
async function privateDnsName(context: EksContext, instanceId: string): Promise<string | undefined> {
  if (!instanceId.startsWith("i-")) return undefined;
  const answer = await unless(
    context.aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] })),
    "InvalidInstanceID.NotFound",
    "InvalidInstanceID.Malformed",
  );
  return answer?.Reservations?.[0]?.Instances?.[0]?.PrivateDnsName;
}
