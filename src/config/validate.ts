import { z } from "zod";
import type { HubConfig, Secrets } from "./hub-config.ts";
import { nearestName } from "./nearest-name.ts";
import type { Problem } from "./problem.ts";
import { hubFileSchema } from "./schema.ts";
import { isLoginMethod } from "./secrets.ts";

export type Path = readonly (string | number)[];

/** Ties a place in the configuration to where a person wrote it. */
export interface Origin {
  /** "file:line:column" of the value, else of what should hold it. For `part: "key"` of the key itself. */
  at(path: Path, part: "key" | "value"): string | undefined;
  /** What the person calls it. */
  key(path: Path): string;
  /** The value's own text, "1.30" for the number 1.3. */
  written(path: Path): string | undefined;
}

export interface Validated {
  config?: HubConfig;
  problems: Problem[];
}

/** What a form's reader hands on. `config` is there if there are no problems. */
export interface ReadResult extends Validated {
  /** Known, if possible, even if something else is wrong: it decides which secrets are needed. */
  method: HubConfig["auth"]["method"] | undefined;
  warnings: string[];
  /** What the file itself holds of them. */
  secrets?: Secrets;
}

export function validateConfig(name: string, input: unknown, origin: Origin): Validated {
  const parsed = hubFileSchema.safeParse(input);
  if (parsed.success) {
    const { users, hub, ...rest } = parsed.data;
    const files = users.files.map(({ path, content }) => ({ path, content: content ?? "" }));
    const config = { name, ...rest, users: { ...users, files }, hub: { ...hub, values: {}, extraConfig: {} } };
    return { config, problems: [] };
  }
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, input, origin)) };
}

/** The login method that the input asks for, whatever else is wrong with it. */
export function methodOf(input: unknown): HubConfig["auth"]["method"] | undefined {
  const method = valueAt(input, ["auth", "method"]);
  if (method === undefined) return "github";
  return isLoginMethod(method) ? method : undefined;
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown, origin: Origin): Problem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => problem(origin, [...path, key], "key", describeUnknownKey(path, key)));
  }
  return [problem(origin, path, "value", describeIssue(issue, valueAt(input, path), origin.written(path)))];
}

function problem(origin: Origin, path: Path, part: "key" | "value", message: string): Problem {
  const at = origin.at(path, part);
  const key = origin.key(path);
  return { ...(at === undefined ? {} : { at }), ...(key === "" ? {} : { key }), message };
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, written: string | undefined): string {
  if (issue.code === "invalid_type") return describeType(issue.expected, value, written);
  if (issue.code === "invalid_value") return `must be ${issue.values.map(String).join(" or ")}, not ${show(value)}`;
  if (issue.code === "too_small") {
    if (issue.origin === "array") return "must list at least one";
    return `must be at least ${issue.minimum}, not ${show(value)}`;
  }
  if (issue.code === "too_big") {
    if (issue.origin === "array") return `must list at most ${issue.maximum}`;
    return `must be at most ${issue.maximum}, not ${show(value)}`;
  }
  return value === undefined ? `${issue.message}; that is its default` : issue.message;
}

const typeNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a group of settings",
  record: "a group of names with values",
};

function describeType(expected: string, value: unknown, written: string | undefined): string {
  if (value === undefined) return "is required";
  if (value === null) return "is empty: fill it in or remove it";
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return `must be text: put it in quotes, "${written ?? String(value)}"`;
  }
  if (expected === "array" && typeof value === "string") return `must be a list: [${show(value)}]`;
  return `must be ${typeNames[expected] ?? expected}, not ${show(value)}`;
}

function describeUnknownKey(parent: Path, key: string): string {
  const paths = knownPaths();
  const prefix = parent.map((part) => `${part}.`).join("");
  const siblings = paths
    .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("."))
    .map((path) => path.slice(prefix.length));
  const sibling = nearestName(key, siblings);
  if (sibling !== undefined) return `is unknown: did you mean ${sibling}?`;
  const elsewhere = paths.filter((path) => path.split(".").at(-1) === key);
  if (elsewhere.length > 0) return `is unknown here: did you mean ${elsewhere.join(" or ")}?`;
  return `is unknown: ${parent.length === 0 ? "known at the top" : `known in ${parent.join(".")}`} are ${siblings.join(", ")}`;
}

/** Every setting of a hub.yaml, as a dotted path. */
export function knownPaths(): string[] {
  const schema = z.toJSONSchema(hubFileSchema, { io: "input", unrepresentable: "any" });
  return pathsIn(schema, "");
}

function pathsIn(schema: z.core.JSONSchema.BaseSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix + key;
    return [path, ...(typeof child === "object" ? pathsIn(child, `${path}.`) : [])];
  });
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null) return undefined;
    return (value as Record<string | number, unknown>)[part];
  }, input);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of settings";
  return JSON.stringify(value);
}
