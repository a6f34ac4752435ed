import { parse, stringify } from "yaml";
import type { KubeObject } from "../../kube/client.ts";
import type { ControlPlane } from "../../kube/types.ts";
import { parsePrincipalArn } from "./iam.ts";

export interface AwsAuth {
  mapRoles?: string;
  mapUsers?: string;
  mapAccounts?: string;
}

export interface Mapping {
  rolearn?: string;
  userarn?: string;
  username?: string;
  groups?: string[];
}

interface ConfigMap extends KubeObject {
  data?: AwsAuth;
}

const path = "/api/v1/namespaces/kube-system/configmaps/aws-auth";

export async function readAwsAuth(plane: ControlPlane | undefined): Promise<AwsAuth> {
  return (await plane?.kube.get<ConfigMap>(path))?.data ?? {};
}

export function mappingsIn(text: string | undefined): Mapping[] {
  return listIn(text).flatMap((item) => (typeof item === "object" && item !== null ? [mappingOf(item)] : []));
}

/** As the authenticator's JSON reader takes it: keys in any case, and what has the wrong type is left out. */
function mappingOf(item: object): Mapping {
  const members = new Map(Object.entries(item).map(([key, value]: [string, unknown]) => [key.toLowerCase(), value]));
  const text = (key: string) => {
    const value = members.get(key);
    return typeof value === "string" ? { [key]: value } : {};
  };
  const groups = members.get("groups");
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === "string");
  return { ...text("rolearn"), ...text("userarn"), ...text("username"), ...(isList && { groups }) };
}

/** The list that a member of aws-auth holds; a broken one lets nobody in. */
export function listIn(text: string | undefined): unknown[] {
  try {
    const value: unknown = parse(text ?? "");
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Lets a node group's role in, as EKS does where there are no access entries. */
export async function addNodeRole(plane: ControlPlane, roleArn: string): Promise<void> {
  const { mapRoles } = await readAwsAuth(plane);
  const rolearn = withoutPath(roleArn);
  const mappings = mappingsIn(mapRoles);
  if (mappings.some((mapping) => mapping.rolearn === rolearn)) return;
  const groups = ["system:bootstrappers", "system:nodes"];
  await writeRoles(plane, [...mappings, { rolearn, username: "system:node:{{EC2PrivateDNSName}}", groups }]);
}

export async function removeNodeRole(plane: ControlPlane, roleArn: string): Promise<void> {
  const { mapRoles } = await readAwsAuth(plane);
  const mappings = mappingsIn(mapRoles);
  const kept = mappings.filter(({ rolearn }) => rolearn !== withoutPath(roleArn));
  if (kept.length < mappings.length) await writeRoles(plane, kept);
}

async function writeRoles(plane: ControlPlane, mappings: readonly Mapping[]): Promise<void> {
  const data = { mapRoles: stringify(mappings) };
  if ((await plane.kube.get(path)) !== undefined) {
    await plane.kube.patch(path, { data });
    return;
  }
  await plane.kube.create("/api/v1/namespaces/kube-system/configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "aws-auth", namespace: "kube-system" },
    data,
  });
}

/** A session's ARN has no path, so a mapping with one would never fit. */
function withoutPath(roleArn: string): string {
  const principal = parsePrincipalArn(roleArn);
  return principal === undefined ? roleArn : `arn:aws:iam::${principal.account}:role/${principal.name}`;
}
