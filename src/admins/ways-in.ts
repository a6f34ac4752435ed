import type { AccessEntry } from "../aws/access-entries.ts";
import { isClusterAdminPolicy, levelOfPolicy, mastersGroup } from "./access.ts";
import type { AwsAuth, Mapping } from "./aws-auth.ts";
import { isSamePrincipal } from "./principal.ts";

/** How a cluster finds out who somebody is: `authenticationMode` of EKS. */
export type LoginMode = "API" | "API_AND_CONFIG_MAP" | "CONFIG_MAP";

/** One way into a cluster, for one user or role. */
export interface WayIn {
  arn: string;
  via: "access-entry" | "aws-auth" | "creator";
  /** What logs in with it. */
  who: "people" | "nodes" | "service";
  /** Administrator of the whole cluster, aws-auth and nodes included. */
  isAdmin: boolean;
  /** What it gives, in words: "admin", "edit in demo". */
  access: string;
  policies: readonly string[];
  groups: readonly string[];
  username: string | undefined;
  /** Why it counts for nothing. */
  idle?: string;
  entry?: AccessEntry;
  mapping?: Mapping;
}

/** Entries or maps that the mode does not know, or that could not be read, are undefined. */
export function findWaysIn(
  mode: LoginMode,
  { entries = [], auth, creator }: { entries?: readonly AccessEntry[]; auth?: AwsAuth; creator?: string },
): WayIn[] {
  const ofMaps = (auth?.mappings ?? []).map((mapping) => {
    const entry = entries.find(({ arn }) => isSamePrincipal(arn, mapping.arn));
    const idle =
      mode === "API"
        ? "the cluster does not read aws-auth"
        : entry === undefined
          ? mapping.idle
          : "its access entry wins over aws-auth";
    return ofMapping(mapping, idle);
  });
  return [...entries.map(ofEntry), ...ofMaps, ...(creator === undefined ? [] : [ofCreator(creator)])];
}

function ofEntry(entry: AccessEntry): WayIn {
  const { arn, type, groups, policies, username } = entry;
  const isAdmin = policies.some((policy) => isClusterAdminPolicy(policy.arn) && policy.namespaces === undefined);
  const service = arn.includes(":role/aws-service-role/");
  const words = policies.map(({ arn: policy, namespaces }) => {
    const level = levelOfPolicy(policy) ?? policyName(policy);
    return namespaces === undefined ? level : `${level} in ${namespaces.join(", ")}`;
  });
  const who = type !== "STANDARD" ? "nodes" : service ? "service" : "people";
  return {
    arn,
    via: "access-entry",
    who,
    isAdmin,
    access: who === "nodes" ? "nodes" : [...words, ...groups.map((group) => `group ${group}`)].join("; ") || "none",
    policies: policies.map(({ arn: policy }) => policyName(policy)),
    groups,
    username,
    entry,
  };
}

function ofMapping(mapping: Mapping, idle: string | undefined): WayIn {
  const { arn, groups, username } = mapping;
  const isNodes = groups.includes("system:nodes") || username?.startsWith("system:node:") === true;
  const words = groups.map((group) => {
    const [, level, namespace] = /^hubctl:(admin|edit|view)(?::(.+))?$/.exec(group) ?? [];
    if (level !== undefined) return namespace === undefined ? level : `${level} in ${namespace}`;
    return group === mastersGroup ? "admin" : `group ${group}`;
  });
  return {
    arn,
    via: "aws-auth",
    who: isNodes ? "nodes" : "people",
    isAdmin: groups.includes(mastersGroup),
    access: isNodes ? "nodes" : words.join("; ") || "none",
    policies: [],
    groups,
    username,
    ...(idle !== undefined && { idle }),
    mapping,
  };
}

function ofCreator(arn: string): WayIn {
  return {
    arn,
    via: "creator",
    who: "people",
    isAdmin: true,
    access: "admin",
    policies: [],
    groups: [mastersGroup],
    username: creatorName,
  };
}

/** The name that EKS gives a cluster's creator where there are no access entries. */
export const creatorName = "kubernetes-admin";

function policyName(arn: string): string {
  return arn.split("/").at(-1) ?? arn;
}

/** Those that really let an administrator in. */
export function administratorsOf(ways: readonly WayIn[]): WayIn[] {
  return ways.filter(({ isAdmin, who, idle }) => isAdmin && who === "people" && idle === undefined);
}
