import { readFileSync } from "node:fs";
import {
  blueprintNames,
  describeMeaningless,
  isKnown,
  isSecretVariable,
  knownVariables,
  type KnownName,
  type KnownVariable,
} from "./dandihub-variables.ts";
import { describeBadName, type Deployment } from "./deployment.ts";
import { formatPath, mergeLayers, type Origin, type Path } from "./layers.ts";
import { nearestName } from "./nearest-name.ts";
import { noNeighbours } from "./neighbours.ts";
import { displayPath, type Problem } from "./problem.ts";
import { readTfvars, type RunTerraform } from "./read-tfvars.ts";
import { certificateOwner } from "./rules/aws.ts";
import { scanTfvars, type Assignment } from "./scan-tfvars.ts";
import { recordedDefaults } from "./recorded-defaults.ts";
import { readSetOptions } from "./set-options.ts";
import { methodOf, validateConfig, type ReadResult } from "./validate.ts";

interface FormOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  runTerraform: RunTerraform;
  set?: readonly string[] | undefined;
}

/** A variable's value and where it comes from. */
interface Setting {
  at?: string;
  key: string;
  value: unknown;
  written?: string;
}

type Settings = ReadonlyMap<KnownName, Setting>;

const prefix = "TF_VAR_";

/** Reads and judges a Dandihub variables file with the TF_VAR_… that go with it. As in Terraform, the file wins. */
export async function readTfvarsForm(
  deployment: Deployment,
  { cwd, env, runTerraform, set = [] }: FormOptions,
): Promise<ReadResult> {
  const display = displayPath(deployment.configFile, cwd);
  const assignments = scanTfvars(readFileSync(deployment.configFile, "utf8"));
  const names = judgeNames(assignments, env, display);
  const result = { warnings: names.warnings, method: "github" as const };

  const readable = knownNames().filter((name) => !isSecretVariable(name));
  const read = await readTfvars(deployment.configFile, readable, display, runTerraform);
  if ("problems" in read) return { ...result, problems: [...read.problems, ...names.problems] };

  const settings = settingsFrom(read.values, assignments, env, display);
  const options = readSetOptions(set);
  const file = { value: inputFrom(settings), origin: originOf(settings, display), isFile: true };
  const { input, origin } = mergeLayers([...options.layers, file, ...recordedDefaults(deployment.lockFile)]);
  const name = textOf(settings, "name") ?? deployment.name;
  const neighbours = noNeighbours(deployment.root);
  const validated = validateConfig(name, input, origin, neighbours);
  const problems = [
    ...options.problems,
    ...names.problems,
    ...judgeOthers(settings),
    ...validated.problems.filter(isOwnFault(settings)).map(describeMissingRegion),
  ];
  const clientId = textOf(settings, "github_client_id");
  return {
    ...result,
    method: methodOf(input),
    ...(clientId === undefined ? {} : { secrets: { clientId } }),
    ...(validated.config === undefined ? {} : { config: validated.config }),
    problems,
    files: [deployment.configFile, ...neighbours.files],
  };
}

function knownNames(): KnownName[] {
  return Object.keys(knownVariables).filter(isKnown);
}

function settingsFrom(
  values: Record<string, unknown>,
  assignments: readonly Assignment[],
  env: NodeJS.ProcessEnv,
  display: string,
): Settings {
  const settings = new Map<KnownName, Setting>();
  for (const name of knownNames()) {
    const fromEnvironment = env[prefix + name] ?? "";
    if (values[name] !== undefined) {
      const assignment = assignments.find((candidate) => candidate.name === name);
      const at = assignment === undefined ? display : `${display}:${assignment.line}`;
      const written = assignment === undefined ? {} : { written: assignment.written };
      settings.set(name, { at, key: name, value: values[name], ...written });
    } else if (fromEnvironment !== "" && !isSecretVariable(name)) {
      settings.set(name, { key: prefix + name, value: parseVariable(name, fromEnvironment) });
    }
  }
  return settings;
}

/** What can't be parsed stays text, and is refused where its type is checked. */
function parseVariable(name: KnownName, text: string): unknown {
  const { type } = knownVariables[name];
  if (type === "text") return text;
  if (type === "flag") return text === "true" ? true : text === "false" ? false : text;
  try {
    return JSON.parse(text.replace(/,\s*\]\s*$/, "]"));
  } catch {
    return text;
  }
}

type Tree = Record<string, unknown>;

function setAt(tree: Tree, [key, ...rest]: Path, value: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) tree[key] = value;
  else setAt((tree[key] ??= {}) as Tree, rest, value);
}

/** The same settings in the shape of a hub.yaml. */
function inputFrom(settings: Settings): unknown {
  const input: Tree = { aws: {}, auth: {}, image: {} };
  for (const [name, { value }] of settings) {
    const { path }: KnownVariable = knownVariables[name];
    if (path !== undefined) setAt(input, path, value);
  }
  // The certificate must be in the hub's region anyway, and the blueprints disagree about a default.
  const owner = certificateOwner(textOf(settings, "aws_certificate_arn") ?? "");
  if (owner !== undefined) input["aws"] = { region: owner.region, ...(input["aws"] as Tree) };
  return input;
}

function originOf(settings: Settings, display: string): Origin {
  const nameAt = (path: Path) => knownNames().find((name) => isWithin(path, knownVariables[name]));
  const settingAt = (path: Path) => {
    const name = nameAt(path);
    return name === undefined ? undefined : settings.get(name);
  };
  return {
    at: (path) => {
      const name = nameAt(path);
      const isExpectedInFile = name !== undefined && !isFromEnvironment(name);
      return settingAt(path)?.at ?? (isExpectedInFile && !settings.has(name) ? display : undefined);
    },
    key: (path) => {
      const name = nameAt(path);
      if (name === undefined) return formatPath(path);
      const own: KnownVariable = knownVariables[name];
      const key = settings.get(name)?.key ?? (isFromEnvironment(name) ? prefix + name : name);
      return path.slice(own.path?.length).reduce<string>((text, part) => `${text}[${part}]`, key);
    },
    written: (path) => (path.some((part) => typeof part === "number") ? undefined : settingAt(path)?.written),
  };
}

function isWithin(path: Path, { path: own }: KnownVariable): boolean {
  return own?.every((part, index) => path[index] === part) ?? false;
}

function isFromEnvironment(name: KnownName): boolean {
  return "fromEnvironment" in knownVariables[name];
}

/** If there is a certificate, a missing region is its fault, which is reported. */
function isOwnFault(settings: Settings): (problem: Problem) => boolean {
  return ({ key }) => key !== "region" || settings.has("region") || !settings.has("aws_certificate_arn");
}

function describeMissingRegion(problem: Problem): Problem {
  if (problem.key !== "region" || problem.message !== "is required") return problem;
  return { ...problem, message: `is required, unless ${prefix}aws_certificate_arn names a certificate in it` };
}

/** The values that have no place in a hub.yaml. */
function judgeOthers(settings: Settings): Problem[] {
  const problems: Problem[] = [];
  const judge = (name: KnownName, rule: (text: string) => string | undefined) => {
    const setting = settings.get(name);
    if (setting === undefined) return;
    const { at, key, value } = setting;
    const message = typeof value === "string" ? rule(value) : "must be text in quotes";
    if (message !== undefined) problems.push({ ...(at === undefined ? {} : { at }), key, message });
  };
  judge("name", describeBadName);
  judge("jupyter_hub_auth_mechanism", describeBadLogin);
  judge("github_client_id", (text) => (text === "" ? "must not be empty" : undefined));
  return problems;
}

function describeBadLogin(mechanism: string): string | undefined {
  switch (mechanism) {
    case "oauth":
    case "github":
      return undefined;
    case "dummy":
      return '"dummy" lets in everybody without a password; remove it to log in with GitHub, or write a hub.yaml with auth.method shared-password';
    default:
      return `"${mechanism}" is not supported; remove it to log in with GitHub ("oauth")`;
  }
}

function judgeNames(
  assignments: readonly Assignment[],
  env: NodeJS.ProcessEnv,
  display: string,
): { problems: Problem[]; warnings: string[] } {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const { name, line } of assignments) {
    const at = `${display}:${line}`;
    const reason = describeMeaningless(name);
    if (isSecretVariable(name)) {
      const remedy =
        reason === undefined ? `set ${prefix}${name} in the environment instead` : "remove it; it has no use here";
      problems.push({ at, key: name, message: `is a secret, which must not stand in a file: ${remedy}` });
    } else if (reason !== undefined) {
      warnings.push(`${at}: ${name} has no effect: ${reason}`);
    } else if (!isKnown(name)) {
      const near = nearestName(name, blueprintNames());
      if (near === undefined) warnings.push(`${at}: ${name} is unknown and has no effect`);
      else problems.push({ at, key: name, message: `is unknown: did you mean ${near}?` });
    }
  }
  const isSet = (name: string) => (env[prefix + name] ?? "") !== "" || assignments.some((one) => one.name === name);
  for (const [variable, value] of Object.entries(env).sort()) {
    if (!variable.startsWith(prefix) || value === "" || value === undefined) continue;
    const name = variable.slice(prefix.length);
    const reason = describeMeaningless(name);
    if (reason !== undefined) warnings.push(`${variable} has no effect: ${reason}`);
    if (isKnown(name) || reason !== undefined) continue;
    // The environment may hold variables of other projects, so only what looks like a slip is worth a word.
    const near = nearestName(
      name,
      knownNames().filter((known) => !isSet(known)),
    );
    if (near !== undefined) warnings.push(`${variable} is unknown: did you mean ${prefix}${near}?`);
  }
  return { problems, warnings };
}

function textOf(settings: Settings, name: KnownName): string | undefined {
  const value = settings.get(name)?.value;
  return typeof value === "string" ? value : undefined;
}
