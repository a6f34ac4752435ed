import { hubFileJsonSchema, knownSettings, type KnownSetting } from "../src/config/known-settings.ts";

type Schema = KnownSetting["schema"];

/** The marks in docs/configuration.md between which the tables stand. */
const marks = { start: "<!-- settings: npm run docs -->", end: "<!-- end of settings -->" };

/** The page with its tables as the schema has them now. */
export function withSettings(page: string): string {
  const [before, rest] = page.split(marks.start);
  const after = rest?.split(marks.end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page lacks ${marks.start} or ${marks.end}`);
  return `${before}${marks.start}\n\n${settingTables()}\n\n${marks.end}${after}`;
}

function settingTables(): string {
  const settings = knownSettings();
  const sections = settings.filter(({ parent, schema }) => parent === "" && isGroup(schema));
  const isInSection = ({ path }: KnownSetting) => sections.some((section) => path.split(/[.[]/)[0] === section.path);
  const single = settings.filter((setting) => !isInSection(setting));
  return [
    table(single),
    ...sections.flatMap((section) => {
      const inside = settings.filter(
        ({ path }) => path.startsWith(`${section.path}.`) || path.startsWith(`${section.path}[]`),
      );
      return [`### ${section.path}`, section.schema.description ?? "", ...tablesOf(inside)];
    }),
  ].join("\n\n");
}

/** One table, or, where settings depend on the login, one for all logins and one for each. */
function tablesOf(settings: readonly KnownSetting[]): string[] {
  const methods = [...new Set(settings.flatMap(({ methods }) => methods ?? []))];
  const isForAll = (setting: KnownSetting) =>
    setting.methods === undefined || setting.methods.length === methods.length;
  const perMethod = methods.flatMap((method) => {
    const own = settings.filter((setting) => !isForAll(setting) && setting.methods?.includes(method));
    return own.length === 0 ? [] : [`With \`method: ${method}\`:`, table(own)];
  });
  return [table(settings.filter(isForAll), methods), ...perMethod];
}

function table(settings: readonly KnownSetting[], methods: string[] = []): string {
  const rows = settings.map((setting) => {
    const { path, schema } = setting;
    const isMethod = path === "auth.method";
    const cells = [
      `\`${path}\``,
      isMethod ? methods.map((method) => `\`${method}\``).join(", ") : describeType(schema),
      isMethod ? "`github`" : describeDefault(setting),
      isMethod ? "How users log in" : (schema.description ?? ""),
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return ["| setting | type | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function isGroup(schema: Schema): boolean {
  return schema.properties !== undefined || schema.oneOf !== undefined || isListOfGroups(schema);
}

function isListOfGroups({ items }: Schema): boolean {
  return typeof items === "object" && !Array.isArray(items) && items.properties !== undefined;
}

const typeNames: Record<string, string> = { string: "text", integer: "whole number", boolean: "`true`, `false`" };

function describeType(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === "array") return isListOfGroups(schema) ? "list of groups" : "list";
  if (schema.type === "object") return schema.properties === undefined ? "names with values" : "group";
  if (schema.anyOf !== undefined) return schema.anyOf.map(describeType).join(" or ");
  const { minimum, maximum } = schema;
  const bounds = minimum === undefined || maximum === undefined ? "" : `, ${minimum} to ${maximum}`;
  return (typeNames[String(schema.type)] ?? String(schema.type)) + bounds;
}

function describeDefault({ schema, isRequired }: KnownSetting): string {
  if (isRequired) return "required";
  if (schema.default === undefined || schema.properties !== undefined) return "";
  return `\`${show(schema.default)}\``;
}

/** As it would be written in a hub.yaml. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${show(entry)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return value === "" ? '""' : String(value);
}

/**
 * The schema for editors. Nothing at the top or in a group is required: it may stand in common.yaml or come from the
 * environment, and hubctl itself asks for what is missing in the end.
 */
export function editorSchema(): object {
  return {
    ...withoutRequired(hubFileJsonSchema("draft-7")),
    title: "hub.yaml and common.yaml of hubctl",
    description: "A JupyterHub on EKS; see docs/configuration.md",
  };
}

function withoutRequired(schema: Schema): Schema {
  const { required, properties, oneOf, ...rest } = schema;
  const isMethodRequired = required?.includes("method") ?? false;
  return {
    ...rest,
    ...(isMethodRequired ? { required: ["method"] } : {}),
    ...(properties === undefined ? {} : { properties: mapEntries(properties) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(withoutRequired) }),
  };
}

function mapEntries(properties: NonNullable<Schema["properties"]>): NonNullable<Schema["properties"]> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, child]) => [key, typeof child === "object" ? withoutRequired(child) : child]),
  );
}
