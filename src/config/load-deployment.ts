import { dirname, resolve } from "node:path";
import { findDeployment, type Deployment, type DeploymentChoice } from "./deployment.ts";
import type { HubConfig, Secrets } from "./hub-config.ts";
import { readLock } from "./lock-file.ts";
import { judgeOwnCertificate, readPemFile } from "./own-certificate.ts";
import { configError, type Problem } from "./problem.ts";
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
  /** False for what works without a certificate, by which a variables file may tell its region. */
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
  const env = options.needsCertificate === false ? withRegion(options.env, deployment) : options.env;
  const read =
    deployment.form === "hub.yaml"
      ? readHubYaml(deployment, options)
      : await readTfvarsForm(deployment, { ...options, env });
  const { method, warnings, files = [] } = read;
  const config = read.config && withAbsolutePaths(read.config, dirname(deployment.configFile));
  const own = config === undefined || options.needsSecrets === false ? noCertificate : readOwnCertificate(config);
  const { secrets, problems } =
    method === undefined || options.needsSecrets === false
      ? noSecrets
      : readSecrets(method, deployment.form, options.env, read.secrets);
  const all = [...read.problems, ...problems, ...own.problems];
  if (all.length > 0 || config === undefined) throw configError(deployment.name, all);
  return {
    deployment,
    config,
    secrets: { ...secrets, ...own.secrets },
    warnings: [...warnings, ...configWarnings(config), ...own.warnings],
    files,
  };
}

/** A variables file may leave it to the certificate to tell the region; what is installed has one without it. */
function withRegion(env: NodeJS.ProcessEnv, { lockFile }: Deployment): NodeJS.ProcessEnv {
  const region = readLock(lockFile)?.region ?? (env["AWS_REGION"] || env["AWS_DEFAULT_REGION"]);
  if (region === undefined || env["TF_VAR_aws_certificate_arn"]) return env;
  return { ...env, TF_VAR_region: env["TF_VAR_region"] || region };
}

/** If the file does not even tell the login method, there is no telling what is missing. */
const noSecrets = { secrets: {}, problems: [] };

interface OwnFiles {
  secrets: Pick<Secrets, "certificateKey" | "certificateChain">;
  problems: Problem[];
  warnings: string[];
}

const noCertificate: OwnFiles = { secrets: {}, problems: [], warnings: [] };

function withAbsolutePaths(config: HubConfig, folder: string): HubConfig {
  const { certificate } = config;
  if (typeof certificate === "string" || "secret" in certificate) return config;
  const keyFile = resolve(folder, certificate.keyFile);
  return { ...config, certificate: { keyFile, chainFile: resolve(folder, certificate.chainFile) } };
}

/** Key and chain are not among the files that are copied to the state bucket: the key is a secret. */
function readOwnCertificate({ certificate, domain }: HubConfig): OwnFiles {
  if (typeof certificate === "string" || "secret" in certificate) return noCertificate;
  const key = readPemFile(certificate.keyFile);
  const chain = readPemFile(certificate.chainFile);
  const problems: Problem[] = [];
  if ("message" in key) problems.push({ key: "certificate.keyFile", message: key.message });
  if ("message" in chain) problems.push({ key: "certificate.chainFile", message: chain.message });
  if ("message" in key || "message" in chain) return { ...noCertificate, problems };
  const judged = judgeOwnCertificate({ key: key.text, chain: chain.text }, domain);
  return {
    secrets: { certificateKey: key.text, certificateChain: chain.text },
    problems: judged.problems.map(({ part, message }) => ({ key: `certificate.${part}File`, message })),
    warnings: judged.warnings,
  };
}
