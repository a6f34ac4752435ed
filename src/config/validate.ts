import type { z } from "zod";
import type { HubConfig, LoginMethod, Secrets } from "./hub-config.ts";
import { describeUnknownKey, listed } from "./known-settings.ts";
import { valueAt, type Origin, type Path } from "./layers.ts";
import { nearestName } from "./nearest-name.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Problem } from "./problem.ts";
import { hubFileSchema, type HubFileContent } from "./schema.ts";
import { describeTooLong } from "./schema/users.ts";
import { isLoginMethod } from "./secrets.ts";

export interface Validated {
  config?: HubConfig;
  problems: Problem[];
}

/** What a form's reader hands on. `config` is there if there are no problems. */
export interface ReadResult extends Validated {
  /** Known, if possible, even if something else is wrong: it decides which secrets are needed. */
  method: LoginMethod | undefined;
  warnings: string[];
  /** What the file itself holds of them. */
  secrets?: Secrets;
  /** Absolute paths of all that it was read from. */
  files?: string[];
}

/** IAM role names end at 64 characters, and what is made for a deployment is called `<prefix><name>-<id>-<purpose>`. */
const longestName = 32;

export function validateConfig(name: string, input: unknown, origin: Origin, neighbours: Neighbours): Validated {
  const parsed = hubFileSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, input, origin));
    return { problems: [...problems, ...neighbours.problems] };
  }
  const { users, hub, ...rest } = parsed.data;
  const { files, problems } = readFiles(users.files, origin, neighbours);
  problems.push(...neighbours.problems, ...judgeNames(name, parsed.data, origin));
  if (problems.length > 0) return { problems };
  const { values, extraConfig } = neighbours;
  return { config: { name, ...rest, users: { ...users, files }, hub: { ...hub, values, extraConfig } }, problems };
}

/** The login method that the input asks for, whatever else is wrong with it. */
export function methodOf(input: unknown): LoginMethod | undefined {
  const method = valueAt(input, ["auth", "method"]);
  if (method === undefined) return "github";
  return isLoginMethod(method) ? method : undefined;
}

function readFiles(entries: HubFileContent["users"]["files"], origin: Origin, { readText }: Neighbours) {
  const problems: Problem[] = [];
  const files = entries.map(({ path, content, source }, index) => {
    if (source === undefined) return { path, content: content ?? "" };
    const read = readText(source);
    if ("text" in read) return { path, content: read.text };
    problems.push(problem(origin, ["users", "files", index, "source"], "value", `can't be read: ${read.message}`));
    return { path, content: "" };
  });
  const tooLong = describeTooLong(files.map(({ content }) => content));
  if (tooLong !== undefined) problems.push(problem(origin, ["users", "files"], "value", tooLong));
  return { files, problems };
}

function judgeNames(name: string, { aws }: HubFileContent, origin: Origin): Problem[] {
  const length = aws.namePrefix.length + name.length;
  if (length <= longestName) return [];
  const message = `and the deployment's name have ${length} characters together; at most ${longestName} fit (an IAM role's name ends at 64)`;
  return [problem(origin, ["aws", "namePrefix"], "value", message)];
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown, origin: Origin): Problem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      problem(origin, [...path, key], "key", describeUnknownKey(path, key, methodOf(input))),
    );
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    return formOf(issue.errors).flatMap((inner) =>
      problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, input, origin),
    );
  }
  return [problem(origin, path, "value", describeIssue(issue, valueAt(input, path), origin.written(path)))];
}

/** Of a setting that is text or a group, what is wrong with the form that was written. */
function formOf(forms: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  const isOfAnotherType = ({ code, path }: z.core.$ZodIssue) => code === "invalid_type" && path.length === 0;
  return forms.find((issues) => !issues.some(isOfAnotherType)) ?? forms[0] ?? [];
}

function problem(origin: Origin, path: Path, part: "key" | "value", message: string): Problem {
  const at = origin.at(path, part);
  const key = origin.key(path);
  return { ...(at === undefined ? {} : { at }), ...(key === "" ? {} : { key }), message };
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, written: string | undefined): string {
  if (issue.code === "invalid_type") return describeType(issue.expected, value, written);
  if (issue.code === "invalid_value") return describeChoice(issue.values.map(String), value);
  // The only other union is the one of logins.
  if (issue.code === "invalid_union") return describeChoice("options" in issue ? textsIn(issue.options) : [], value);
  if (issue.code === "too_small") {
    if (issue.origin === "array") return `must list at least ${issue.minimum === 1 ? "one" : issue.minimum}`;
    return `must be at least ${issue.minimum}, not ${show(value)}`;
  }
  if (issue.code === "too_big") {
    if (issue.origin === "array") return `must list at most ${issue.maximum}`;
    return `must be at most ${issue.maximum}, not ${show(value)}`;
  }
  const isAboutDefault = value === undefined && issue.message.startsWith("(");
  return isAboutDefault ? `${issue.message}; that is its default` : issue.message;
}

function textsIn(options: unknown): string[] {
  return Array.isArray(options) ? options.filter((option) => typeof option === "string") : [];
}

function describeChoice(choices: string[], value: unknown): string {
  const near = typeof value === "string" && choices.length > 3 ? nearestName(value, choices) : undefined;
  return `must be ${listed(choices, "or")}, not ${show(value)}${near === undefined ? "" : `: did you mean ${near}?`}`;
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

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of settings";
  return JSON.stringify(value);
}
