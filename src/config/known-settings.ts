import { z } from "zod";
import { nearestName } from "./nearest-name.ts";
import type { Path } from "./layers.ts";
import { hubFileSchema } from "./schema.ts";

type Schema = z.core.JSONSchema.BaseSchema;

/** A setting of a hub.yaml as its schema describes it. */
export interface KnownSetting {
  /** "profiles[].image.tag" */
  path: string;
  /** The path of the group or list item that it is in; empty at the top. */
  parent: string;
  key: string;
  schema: Schema;
  isRequired: boolean;
  /** The logins that know it, where that depends on the login. */
  methods?: string[];
}

let known: KnownSetting[] | undefined;

/** Every setting, in the order of the schema. */
export function knownSettings(): KnownSetting[] {
  return (known ??= settingsIn(hubFileJsonSchema(), ""));
}

/** The schema of what a person writes. */
export function hubFileJsonSchema(target: "draft-7" | "draft-2020-12" = "draft-2020-12"): Schema {
  return z.toJSONSchema(hubFileSchema, { target, io: "input", unrepresentable: "any" });
}

function settingsIn(schema: Schema, parent: string): KnownSetting[] {
  const children = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    if (typeof child !== "object") return [];
    const path = parent === "" ? key : `${parent}.${key}`;
    const isRequired = schema.required?.includes(key) ?? false;
    return [{ path, parent, key, schema: child, isRequired }, ...settingsIn(child, path)];
  });
  const items = schema.items;
  const inItems = typeof items === "object" && !Array.isArray(items) ? settingsIn(items, `${parent}[]`) : [];
  const inForms = (schema.anyOf ?? []).flatMap((form) => settingsIn(form, parent));
  return [...children, ...inItems, ...inForms, ...settingsOfAlternatives(schema, parent)];
}

/** Settings of a union that `method` tells apart; what several of them have alike is listed once. */
function settingsOfAlternatives({ oneOf = [] }: Schema, parent: string): KnownSetting[] {
  const found = new Map<string, KnownSetting>();
  for (const alternative of oneOf) {
    const method = methodIn(alternative);
    for (const setting of settingsIn(alternative, parent)) {
      const id = setting.key === "method" ? setting.path : JSON.stringify([setting.path, setting.schema]);
      const same = found.get(id);
      if (same === undefined) found.set(id, { ...setting, methods: [method] });
      else same.methods?.push(method);
    }
  }
  return [...found.values()];
}

function methodIn({ properties }: Schema): string {
  const { method } = properties ?? {};
  return typeof method === "object" ? String(method.const) : "";
}

/** Where settings of earlier versions are now. */
const moved: Record<string, string> = {
  certificateArn: "is called certificate",
  "aws.tags": "has moved to the top: write tags beside aws",
  "network.vpcCidr": "has moved to network.vpc.cidr",
  "network.subnets": "has moved to network.existingVpc, as nodeSubnets and loadBalancerSubnets",
  "hub.values": "is not written here: put the values into files, values/*.yaml beside the hub.yaml",
  "hub.extraConfig": "is not written here: put Python into files, jupyterhub_config.d/*.py beside the hub.yaml",
};

/** What a person may have meant by a key that does not exist. */
export function describeUnknownKey(parent: Path, key: string, method: string | undefined): string {
  const group = parent.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
  const old = moved[group === "" ? key : `${group}.${key}`];
  if (old !== undefined) return old;

  const settings = knownSettings();
  const siblings = settings.filter((setting) => setting.parent === group);
  const isMeant = ({ methods }: KnownSetting) => method === undefined || (methods?.includes(method) ?? true);
  const others = siblings.filter((setting) => setting.key === key).flatMap(({ methods }) => methods ?? []);
  if (method !== undefined && others.length > 0)
    return `has no meaning with method ${method}, only with ${listed(others)}`;
  const names = siblings.filter(isMeant).map((setting) => setting.key);
  const near = nearestName(key, names);
  if (near !== undefined) return `is unknown: did you mean ${near}?`;
  const same = settings.filter((setting) => setting.key === key).map(({ path }) => path);
  const single = same.filter((path) => !path.includes("[]"));
  const elsewhere = single.length > 0 ? single : same;
  if (elsewhere.length > 0) return `is unknown here: did you mean ${listed(elsewhere, "or")}?`;
  return `is unknown: known ${group === "" ? "at the top" : `in ${group}`} are ${names.join(", ")}`;
}

/** "a, b and c" */
export function listed(names: readonly string[], word = "and"): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1) ?? ""}`;
}
