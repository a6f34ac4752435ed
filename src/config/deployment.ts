import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { nearestName } from "./nearest-name.ts";

export type ConfigForm = "hub.yaml" | "tfvars";

/** Where one deployment's files are. All paths are absolute. */
export interface Deployment {
  name: string;
  /** The config root: the folder that holds `deployments/` or `<name>.tfvars`. */
  root: string;
  form: ConfigForm;
  configFile: string;
  lockFile: string;
  workDir: string;
}

export interface DeploymentList {
  root: string;
  /** Sorted by name. */
  deployments: Deployment[];
}

export interface DeploymentChoice {
  cwd: string;
  /** The option `--deployment`. */
  deployment?: string | undefined;
  env: NodeJS.ProcessEnv;
}

const deploymentVariable = "HUB_DEPLOYMENT_NAME";

/** IAM role names end at 64 characters, and what is made for a deployment is called `<name>-<purpose>`. */
const longestName = 32;

/** Says what is wrong with a deployment's name; undefined if it is fine. */
export function describeBadName(name: string): string | undefined {
  if (name === "") return "must not be empty";
  if (!/^[a-z]/.test(name)) return `"${name}" must start with a lower-case letter`;
  if (!/^[a-z0-9-]+$/.test(name)) return `"${name}" may hold lower-case letters, digits and hyphens only`;
  if (name.endsWith("-") || name.includes("--")) return `"${name}" must not end with a hyphen or hold two in a row`;
  if (name.length > longestName) {
    return `"${name}" has ${name.length} characters; at most ${longestName} fit, as AWS names are built from it (an IAM role's ends at 64)`;
  }
  return undefined;
}

/** All deployments of the config root that `cwd` is in; undefined if there is no config root from `cwd` upward. */
export function listDeployments(cwd: string): DeploymentList | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const deployments = deploymentsIn(folder);
    if (deployments.length > 0) return { root: folder, deployments };
    if (folder === dirname(folder)) return undefined;
  }
}

/** Chosen by `--deployment`, else HUB_DEPLOYMENT_NAME, else the only one there is. */
export function findDeployment({ cwd, deployment, env }: DeploymentChoice): Deployment {
  const fromEnvironment = env[deploymentVariable];
  const wanted = deployment ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  const source = deployment === undefined ? deploymentVariable : "--deployment";
  if (wanted !== undefined) {
    const bad = describeBadName(wanted);
    if (bad !== undefined) throw new UserError("DeploymentNameInvalid", `The deployment's name (${source}) ${bad}`);
  }

  const list = listDeployments(cwd);
  if (list === undefined) {
    const example = wanted ?? "NAME";
    throw new UserError("DeploymentNotFound", `There is no deployment in ${resolve(cwd)} or a folder above it`, {
      hint: `go to the folder that holds deployments/ or ${example}.tfvars, or write deployments/${example}/hub.yaml here`,
    });
  }
  const names = [...new Set(list.deployments.map(({ name }) => name))];
  const chosen = wanted ?? (names.length === 1 ? names[0] : undefined);
  if (chosen === undefined) {
    throw new UserError("DeploymentNotChosen", `There are several deployments in ${list.root}: ${names.join(", ")}`, {
      hint: `choose one: --deployment ${names[0] ?? "NAME"}`,
    });
  }

  const [found, other] = list.deployments.filter(({ name }) => name === chosen);
  if (found === undefined) {
    const near = nearestName(chosen, names);
    throw new UserError(
      "DeploymentNotFound",
      `There is no deployment "${chosen}" (${source}) in ${list.root}, only ${names.join(", ")}`,
      near === undefined ? {} : { hint: `did you mean --deployment ${near}?` },
    );
  }
  if (other !== undefined) {
    throw new UserError(
      "DeploymentInTwoForms",
      `The deployment "${chosen}" is there twice: ${found.configFile} and ${other.configFile}`,
      { hint: "keep one of the two files" },
    );
  }
  const bad = describeBadName(chosen);
  if (bad !== undefined) {
    throw new UserError("DeploymentNameInvalid", `The deployment's name, which ${found.configFile} gives it, ${bad}`);
  }
  return found;
}

function deploymentsIn(root: string): Deployment[] {
  return [...hubFilesIn(root), ...variableFilesIn(root)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function hubFilesIn(root: string): Deployment[] {
  const folder = join(root, "deployments");
  return entriesOf(folder)
    .map((name): Deployment => {
      const home = join(folder, name);
      return {
        name,
        root,
        form: "hub.yaml",
        configFile: join(home, "hub.yaml"),
        lockFile: join(home, "hub.lock.yaml"),
        workDir: workDirOf(root, name),
      };
    })
    .filter(({ configFile }) => existsSync(configFile));
}

function variableFilesIn(root: string): Deployment[] {
  return entriesOf(root)
    .filter((file) => file.endsWith(".tfvars") && !ignoredVariableFiles.test(file))
    .map((file) => {
      const name = file.slice(0, -".tfvars".length);
      return {
        name,
        root,
        form: "tfvars",
        configFile: join(root, file),
        lockFile: join(root, `${name}.hub.lock.yaml`),
        workDir: workDirOf(root, name),
      };
    });
}

/** Files that Terraform loads by itself for whatever configuration lies beside them; they name no deployment. */
const ignoredVariableFiles = /^terraform\.tfvars$|\.auto\.tfvars$|^\./;

function workDirOf(root: string, name: string): string {
  return join(root, ".hubctl", name);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw error;
  }
}
