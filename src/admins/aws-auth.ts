import { appendItem, parseYaml, removeItem, YamlTextError, type ParsedYaml } from "../config/yaml-list.ts";
import { UserError } from "../errors.ts";
import { isSamePrincipal, mapArn, type Principal } from "./principal.ts";

/** The `data` of the ConfigMap kube-system/aws-auth. */
export type AwsAuthData = Readonly<Record<string, string>>;

type MapName = "mapRoles" | "mapUsers";
const mapNames: readonly MapName[] = ["mapRoles", "mapUsers"];

/** One entry of mapRoles or mapUsers. */
export interface Mapping {
  map: MapName;
  index: number;
  /** In the map's text; the first is 1. */
  line: number;
  arn: string;
  username: string | undefined;
  groups: readonly string[];
  /** Why it lets nobody in. */
  idle?: string;
}

export interface AwsAuth {
  mappings: readonly Mapping[];
  /** Everybody in them gets in, without any rights. */
  accounts: readonly string[];
}

/**
 * Reads the maps as the authenticator of EKS does; throws with all lines that are wrong.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator (pkg/mapper/configmap)
 */
export function readAwsAuth(data: AwsAuthData): AwsAuth {
  const problems: string[] = [];
  const mappings = mapNames.flatMap((map) => readMap(map, data[map], problems));
  const accounts = readAccounts(data["mapAccounts"], problems);
  if (problems.length > 0) {
    throw new UserError(
      "AwsAuthMalformed",
      "the ConfigMap kube-system/aws-auth is malformed, so nobody can tell who gets in",
      {
        output: problems.join("\n"),
        hint: "put these lines right, then run it again: kubectl edit configmap aws-auth --namespace kube-system",
      },
    );
  }
  return { mappings: mappings.map((mapping) => withIdleness(mapping, mappings)), accounts };
}

function readMap(map: MapName, text: string | undefined, problems: string[]): Mapping[] {
  const yaml = readYaml(map, text, problems);
  if (yaml === undefined || yaml.value === null) return [];
  if (!Array.isArray(yaml.value)) {
    problems.push(`${map} line 1: is no list`);
    return [];
  }
  return yaml.value.flatMap((item: unknown, index) => readMapping(map, yaml, item, index, problems));
}

function readYaml(map: string, text: string | undefined, problems: string[]): ParsedYaml | undefined {
  if (text === undefined || isEmptyText(text)) return undefined;
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlTextError)) throw error;
    const line = text.split("\n")[error.line - 1] ?? "";
    problems.push(`${map} line ${error.line}: ${error.message} (${JSON.stringify(line.trim())})`);
    return undefined;
  }
}

/** What the authenticator passes over. */
function isEmptyText(text: string): boolean {
  return ["", "``", '""', "''"].includes(text.trim());
}

function readMapping(map: MapName, yaml: ParsedYaml, item: unknown, index: number, problems: string[]): Mapping[] {
  const line = yaml.lineOf([index]);
  const wrong = (what: string): [] => {
    problems.push(`${map} line ${line}: ${what}`);
    return [];
  };
  if (typeof item !== "object" || item === null || Array.isArray(item))
    return wrong("is no entry with rolearn or userarn");
  // The authenticator's JSON reader does not look at the case of keys.
  const members = new Map(Object.entries(item).map(([key, value]: [string, unknown]) => [key.toLowerCase(), value]));
  // Kept for other programs: the authenticator's own way to name Identity Center roles, which EKS does not use.
  if (map === "mapRoles" && !members.has("rolearn") && members.has("sso")) return [];
  const key = map === "mapRoles" ? "rolearn" : "userarn";
  const arn = members.get(key);
  const username = members.get("username") ?? undefined;
  const groups = members.get("groups") ?? [];
  if (typeof arn !== "string" || arn === "") return wrong(`has no ${key}`);
  if (username !== undefined && typeof username !== "string") return wrong(`the username of ${arn} is no text`);
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === "string")) {
    return wrong(`the groups of ${arn} are no list of texts`);
  }
  return [{ map, index, line, arn, username, groups }];
}

function readAccounts(text: string | undefined, problems: string[]): string[] {
  const yaml = readYaml("mapAccounts", text, problems);
  if (yaml === undefined || yaml.value === null) return [];
  if (Array.isArray(yaml.value)) return yaml.value.map(String);
  problems.push("mapAccounts line 1: is no list");
  return [];
}

function withIdleness(mapping: Mapping, all: readonly Mapping[]): Mapping {
  const { arn, map, index } = mapping;
  if (/:role\/.+\//.test(arn))
    return { ...mapping, idle: "it has the role's path, which the ARN of a session never has" };
  if (/:assumed-role\//.test(arn)) return { ...mapping, idle: "it is the ARN of a session, not of the role" };
  const later = all.find(
    (other) => other.map === map && other.index > index && other.arn.toLowerCase() === arn.toLowerCase(),
  );
  return later === undefined
    ? mapping
    : { ...mapping, idle: `line ${later.line} is for the same ARN, and the last one counts` };
}

/** The entries of a user or role, those that let nobody in among them. */
export function mappingsFor(auth: AwsAuth, arn: string): Mapping[] {
  return auth.mappings.filter((mapping) => isSamePrincipal(mapping.arn, arn));
}

/** The entry by which a user or role gets in. */
export function mappingInForce(auth: AwsAuth, arn: string): Mapping | undefined {
  return mappingsFor(auth, arn).find(({ idle }) => idle === undefined);
}

/**
 * Puts a user or role into its map, or adds groups to the entry that it has; further entries for it, which let nobody
 * in, go. Everything else stays as it is, byte by byte.
 */
export function addMapping(data: AwsAuthData, principal: Principal, groups: readonly string[]): AwsAuthData {
  const inForce = mappingInForce(readAwsAuth(data), principal.arn);
  const edited = inForce === undefined ? appendMapping(data, principal, groups) : addGroups(data, inForce, groups);
  const kept = mappingInForce(readAwsAuth(edited), principal.arn);
  return withoutMappings(edited, principal.arn, (mapping) => mapping.map === kept?.map && mapping.index === kept.index);
}

export function removeMappings(data: AwsAuthData, arn: string): AwsAuthData {
  return withoutMappings(data, arn, () => false);
}

function withoutMappings(data: AwsAuthData, arn: string, isKept: (mapping: Mapping) => boolean): AwsAuthData {
  // From the end, so that those before keep their places.
  const going = mappingsFor(readAwsAuth(data), arn)
    .filter((mapping) => !isKept(mapping))
    .reverse();
  return going.reduce((rest, { map, index }) => edit(rest, map, (text) => removeItem(text, [], index)), data);
}

function appendMapping(data: AwsAuthData, principal: Principal, groups: readonly string[]): AwsAuthData {
  const isRole = principal.kind === "role";
  const entry = {
    [isRole ? "rolearn" : "userarn"]: mapArn(principal),
    username: isRole ? `${principal.name}:{{SessionName}}` : principal.name,
    groups,
  };
  return edit(data, isRole ? "mapRoles" : "mapUsers", (text) => appendItem(isEmptyText(text) ? "" : text, [], entry));
}

function addGroups(data: AwsAuthData, mapping: Mapping, groups: readonly string[]): AwsAuthData {
  const missing = groups.filter((group) => !mapping.groups.includes(group));
  const key = groupsKey(data[mapping.map] ?? "", mapping.index);
  return missing.reduce(
    (edited, group) => edit(edited, mapping.map, (text) => appendItem(text, [mapping.index, key], group)),
    data,
  );
}

function groupsKey(text: string, index: number): string {
  const item = (parseYaml(text).value as object[])[index] ?? {};
  return Object.keys(item).find((key) => key.toLowerCase() === "groups") ?? "groups";
}

function edit(data: AwsAuthData, map: MapName, change: (text: string) => string): AwsAuthData {
  try {
    return { ...data, [map]: change(data[map] ?? "") };
  } catch (error) {
    if (!(error instanceof YamlTextError)) throw error;
    throw new UserError("AwsAuthNotEditable", `${map} of aws-auth can't be edited safely at line ${error.line}`, {
      output: error.message,
      hint: "edit it by hand: kubectl edit configmap aws-auth --namespace kube-system",
      cause: error,
    });
  }
}
