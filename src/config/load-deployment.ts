import { findDeployment, type Deployment, type DeploymentChoice } from "./deployment.ts";
import type { HubConfig, Secrets } from "./hub-config.ts";
import { readLock } from "./lock-file.ts";
import { configError } from "./problem.ts";
import { readHubYaml } from "./hub-yaml.ts";
import { readSecrets } from "./secrets.ts";
import type { RunTerraform } from "./read-tfvars.ts";
import { readTfvarsForm } from "./tfvars-form.ts";
import { configWarnings } from "./warnings.ts";

export interface LoadOptions extends DeploymentChoice {
  /** Runs `terraform` (or `tofu`); only called for a Dandihub variables file. */
  runTerraform: RunTerraform;
  /** What one run sets beside the files: "path=value" each, the last one wins. */
  set?: readonly string[] | undefined;
  /** False for what works without secrets: then none are read, and none are missed. */
  needsSecrets?: boolean;
  /** False for what works without a certificate, once the lock file tells region and account. */
  needsCertificate?: boolean;
}

export interface LoadedDeployment {
  deployment: Deployment;
  config: HubConfig;
  secrets: Secrets;
  warnings: string[];
  /** Absolute paths of all that the configuration was read from. */
  files: string[];
}

/** Finds and reads a deployment; throws one error that lists all that is wrong with its file and environment. */
export async function loadDeployment(options: LoadOptions): Promise<LoadedDeployment> {
  const deployment = findDeployment(options);
  const env = options.needsCertificate === false ? withStandIn(options.env, deployment) : options.env;
  const read =
    deployment.form === "hub.yaml"
      ? readHubYaml(deployment, { ...options, env })
      : await readTfvarsForm(deployment, { ...options, env });
  const { config, method, warnings, files = [] } = read;
  const { secrets, problems } =
    method === undefined || options.needsSecrets === false
      ? noSecrets
      : readSecrets(method, deployment.form, options.env, read.secrets);
  const all = [...read.problems, ...problems];
  if (all.length > 0 || config === undefined) throw configError(deployment.name, all);
  return { deployment, config, secrets, warnings: [...warnings, ...configWarnings(config)], files };
}

/** The environment's certificate counts last, and that of a variables file is what tells its region. */
function withStandIn(env: NodeJS.ProcessEnv, { lockFile, form }: Deployment): NodeJS.ProcessEnv {
  const lock = readLock(lockFile);
  const loginRegion = form === "tfvars" ? env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] : undefined;
  const region = lock?.region ?? loginRegion;
  if (region === undefined) return env;
  const name = "TF_VAR_aws_certificate_arn";
  // Without a lock file nothing was installed that could belong to an account.
  const account = lock?.account ?? "0".repeat(12);
  return { ...env, [name]: env[name] || `arn:aws:acm:${region}:${account}:certificate/not-needed` };
}

/** If the file does not even tell the login method, there is no telling what is missing. */
const noSecrets = { secrets: {}, problems: [] };
