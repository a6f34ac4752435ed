import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Command, Exec } from "./exec.ts";

/** The Terraform-compatible binary of a run. */
export interface TerraformBinary {
  file: string;
  flavor: "terraform" | "opentofu";
  version: string;
}

/** A folder with a rendered stack, and the binary to run there. */
export interface TerraformFolder {
  readonly file: string;
  readonly dir: string;
  /** Where unpacked providers are kept once for all stacks of a deployment. */
  readonly pluginCache?: string;
}

const oldest = { major: 1, minor: 10 };
const hint = "install Terraform 1.10 or newer, or OpenTofu 1.10 or newer, or point HUBCTL_TERRAFORM at one";
const lockTimeout = "-lock-timeout=60s";

/**
 * A plan is over before it would need memory back, and looking for some takes Terraform and its provider a third of
 * their time: https://go.dev/doc/gc-guide
 */
const unhurriedCollector = { GOGC: "off", GOMEMLIMIT: "1GiB" };

export function initCommand(folder: TerraformFolder): Command {
  return inFolder(folder, ["init", "-input=false", "-no-color", "-reconfigure"]);
}

/** Plans into a file, so that exactly what was checked can be applied. Exit status 2 means that there are changes. */
export function planCommand(
  folder: TerraformFolder,
  options: { out: string; destroy?: boolean; targets?: readonly string[]; isLocked?: boolean },
): Command {
  const command = inFolder(folder, [
    "plan",
    "-input=false",
    "-no-color",
    "-json",
    "-detailed-exitcode",
    options.isLocked === false ? "-lock=false" : lockTimeout,
    ...(options.destroy === true ? ["-destroy"] : []),
    ...(options.targets ?? []).map((address) => `-target=${address}`),
    `-out=${options.out}`,
  ]);
  return { ...command, env: { ...unhurriedCollector, ...command.env } };
}

export function showPlanCommand(folder: TerraformFolder, planFile: string): Command {
  return inFolder(folder, ["show", "-no-color", "-json", planFile]);
}

/** Applies a saved plan; Terraform itself refuses it when the state has changed since. */
export function applyCommand(folder: TerraformFolder, planFile: string): Command {
  return inFolder(folder, ["apply", "-input=false", "-no-color", "-json", lockTimeout, planFile]);
}

/** Prints sensitive outputs too: its result belongs into no log. */
export function outputCommand(folder: TerraformFolder): Command {
  return inFolder(folder, ["output", "-no-color", "-json"]);
}

/** Tells Terraform that a resource whose creation was interrupted is whole after all. */
export function untaintCommand(folder: TerraformFolder, address: string): Command {
  return inFolder(folder, ["untaint", "-no-color", lockTimeout, address]);
}

/** Terraform refuses it when the saved state is newer, or another one's. */
export function pushStateCommand(folder: TerraformFolder, stateFile: string): Command {
  return inFolder(folder, ["state", "push", lockTimeout, stateFile]);
}

export function forceUnlockCommand(folder: TerraformFolder, lockId: string): Command {
  return inFolder(folder, ["force-unlock", "-force", lockId]);
}

function versionCommand(file: string): Command {
  return { file, args: ["version"], env: terraformEnv() };
}

const outputsSchema = z.record(z.string(), z.object({ sensitive: z.boolean().default(false), value: z.unknown() }));

export function parseOutputs(stdout: string): Record<string, unknown> {
  const outputs = outputsSchema.parse(JSON.parse(stdout));
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.value]));
}

/** The same of a state as it lies in its bucket; a stack that has never been applied may have a state without any. */
export function parseStateOutputs(state: string): Record<string, unknown> {
  const { outputs } = z.object({ outputs: outputsSchema.default({}) }).parse(JSON.parse(state));
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.value]));
}

/** Of its text, as the JSON does not tell one program from the other. Warnings may come before; undefined of others. */
export function parseVersion(stdout: string): Pick<TerraformBinary, "flavor" | "version"> | undefined {
  const [, name, version] = /^(Terraform|OpenTofu) v(\d\S*)/m.exec(stdout) ?? [];
  if (version === undefined) return undefined;
  return { flavor: name === "OpenTofu" ? "opentofu" : "terraform", version };
}

/** Finds HUBCTL_TERRAFORM, else terraform, else tofu on PATH, from 1.10 on. */
export async function findTerraform(exec: Exec, env: NodeJS.ProcessEnv = process.env): Promise<TerraformBinary> {
  const chosen = env["HUBCTL_TERRAFORM"] ?? "";
  const candidates = chosen === "" ? ["terraform", "tofu"] : [chosen];
  const tooOld: string[] = [];
  for (const file of candidates) {
    const stdout = await runIfInstalled(exec, versionCommand(file));
    if (stdout === undefined) continue;
    const found = parseVersion(stdout);
    if (!found) throw new UserError("TerraformUnknown", `${file} is neither Terraform nor OpenTofu`, { hint });
    if (isNewEnough(found.version)) return { file, ...found };
    tooOld.push(`${file} ${found.version}`);
  }
  if (tooOld.length > 0) throw new UserError("TerraformTooOld", `${tooOld.join(" and ")} is older than 1.10`, { hint });
  const missing =
    chosen === ""
      ? `neither of these is installed or on PATH: ${candidates.join(", ")}`
      : `${chosen}, which HUBCTL_TERRAFORM names, is not there`;
  throw new UserError("ToolNotFound", missing, { hint });
}

async function runIfInstalled(exec: Exec, command: Command): Promise<string | undefined> {
  try {
    return (await exec(command)).stdout;
  } catch (error) {
    if (error instanceof UserError && error.code === "ToolNotFound") return undefined;
    throw error;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}

function inFolder(folder: TerraformFolder, args: string[]): Command {
  return { file: folder.file, args, cwd: folder.dir, env: terraformEnv(folder.pluginCache) };
}

/** Settings of the operator's shell that would change what hubctl's own arguments mean are taken away. */
function terraformEnv(pluginCache?: string): Record<string, string | undefined> {
  const disturbing = ["TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR"];
  const perCommand = ["init", "plan", "show", "apply", "output", "state_push", "untaint"];
  const more = ["force_unlock", "console", "version"];
  return {
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    ...Object.fromEntries(disturbing.map((name) => [name, undefined])),
    ...Object.fromEntries([...perCommand, ...more].map((name) => [`TF_CLI_ARGS_${name}`, undefined])),
    ...(pluginCache === undefined ? {} : { TF_PLUGIN_CACHE_DIR: pluginCache }),
  };
}
