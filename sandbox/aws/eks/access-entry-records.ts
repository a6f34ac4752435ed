import { randomUUID } from "node:crypto";
import { clusterAdminPolicy, eventPolicy, insightsPolicy } from "./access-policy-catalog.ts";
import { arnOf, timestamp } from "./context.ts";
import type { EksContext } from "./context.ts";
import { parsePrincipalArn } from "./iam.ts";
import type { AccessEntryRecord, AccessPolicyShape, ClusterRecord } from "./state.ts";

export interface NewAccessEntry {
  principalArn: string;
  type: string;
  kubernetesGroups?: string[];
  username?: string;
  tags?: Record<string, string>;
  managed?: boolean;
}

const groupsOfType: Readonly<Record<string, string[]>> = {
  EC2_LINUX: ["system:nodes"],
  EC2_WINDOWS: ["eks:kube-proxy-windows", "system:nodes"],
  EC2: ["system:nodes"],
};

/** Adds an access entry to the record; whether it may be added is the caller's business. */
export function createAccessEntry(
  context: EksContext,
  record: ClusterRecord,
  { principalArn, type, kubernetesGroups = [], username, tags = {}, managed = false }: NewAccessEntry,
): AccessEntryRecord {
  const { name: clusterName } = record.shape;
  const principal = parsePrincipalArn(principalArn);
  const resource = `access-entry/${clusterName}/${principal?.kind ?? "user"}/${principal?.account ?? context.account}/${principal?.name ?? "root"}/${randomUUID()}`;
  const createdAt = timestamp(context);
  const entry: AccessEntryRecord = {
    shape: {
      clusterName,
      principalArn,
      kubernetesGroups: groupsOfType[type] ?? kubernetesGroups,
      accessEntryArn: arnOf(context, resource),
      createdAt,
      modifiedAt: createdAt,
      tags,
      username: username ?? defaultUsername(principalArn, type),
      type,
    },
    policies: [],
    effectiveAt: context.now() + context.delays.propagation,
    managed,
  };
  record.accessEntries[principalArn] = entry;
  return entry;
}

/** Lets an entry hold as it is until the change that is about to be made has spread. */
export function fadeAccessEntry(context: EksContext, record: ClusterRecord, entry: AccessEntryRecord): void {
  const now = context.now();
  const until = now + context.delays.propagation;
  const others = (record.fadingEntries ?? []).filter((fading) => fading.until > now);
  // One that has not begun to hold yet has nothing that could last.
  const lasting = entry.effectiveAt <= now ? [{ entry: structuredClone(entry), until }] : [];
  record.fadingEntries = [...others, ...lasting];
  entry.effectiveAt = until;
}

/** The entries that a cluster has as soon as it knows access entries: its creator's, and that of EKS itself. */
export function addInitialEntries(context: EksContext, record: ClusterRecord): void {
  const scope = { type: "cluster" as const, namespaces: [] };
  const serviceRole = `arn:aws:iam::${context.account}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS`;
  const ofService = createAccessEntry(context, record, { principalArn: serviceRole, type: "STANDARD", managed: true });
  for (const policy of [insightsPolicy, eventPolicy]) associatePolicy(context, ofService, policy, scope);
  if (!record.creatorIsAdmin) return;
  const ofCreator = createAccessEntry(context, record, { principalArn: record.creatorArn, type: "STANDARD" });
  associatePolicy(context, ofCreator, clusterAdminPolicy, scope);
}

function defaultUsername(principalArn: string, type: string): string {
  if (type !== "STANDARD") return "system:node:{{EC2PrivateDNSName}}";
  const principal = parsePrincipalArn(principalArn);
  if (principal?.kind !== "role") return principalArn;
  return `arn:aws:sts::${principal.account}:assumed-role/${principal.name}/{{SessionName}}`;
}

/** Adds a policy to an entry, or changes the scope of one that it has. */
export function associatePolicy(
  context: EksContext,
  entry: AccessEntryRecord,
  policyArn: string,
  accessScope: AccessPolicyShape["accessScope"],
): AccessPolicyShape {
  const now = timestamp(context);
  const effectiveAt = context.now() + context.delays.propagation;
  const existing = entry.policies.find(({ shape }) => shape.policyArn === policyArn);
  if (existing !== undefined) {
    Object.assign(existing.shape, { accessScope, modifiedAt: now });
    existing.effectiveAt = effectiveAt;
    return existing.shape;
  }
  const shape = { policyArn, accessScope, associatedAt: now, modifiedAt: now };
  entry.policies.push({ shape, effectiveAt });
  return shape;
}
