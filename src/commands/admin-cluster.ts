import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { AdminCluster } from "../admins/cluster.ts";
import { openApiServer } from "../admins/api-server.ts";
import type { AwsAuthMap } from "../admins/aws-auth-map.ts";
import { readPrincipal } from "../admins/principal.ts";
import { getCaller, principalArn } from "../aws/caller.ts";
import { createClients } from "../aws/clients.ts";
import { accessTo, describeCluster, refuseForeignCluster } from "../aws/cluster.ts";
import { loginCredentials, type Login } from "../aws/login.ts";
import { readLock } from "../config/lock-file.ts";
import { createWorkDir } from "../config/work-dir.ts";
import { UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { processRedactor } from "../ui/redact.ts";
import { loadConfigured } from "./configured.ts";

export interface ClusterOptions {
  deployment?: string;
  set?: string[];
  /** Any EKS cluster; without it, the deployment's own. */
  cluster?: string;
  region?: string;
  assumeRole?: string;
}

interface ChosenCluster {
  name: string;
  region: string;
  login: Login;
  /** Where copies of aws-auth are kept. */
  backups: () => string;
  /** Of a cluster of hubctl's own. */
  deploymentId?: string;
  isDeployment: boolean;
  installer: string | undefined;
}

export interface OpenedCluster {
  cluster: AdminCluster;
  /** The flags that name it again. */
  flags: string;
  saveBackup: (map: AwsAuthMap) => string;
}

/** Opens the cluster that the options name for as long as `work` takes. */
export async function inCluster<Result>(
  options: ClusterOptions,
  work: (opened: OpenedCluster) => Promise<Result>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Result> {
  const chosen = await chooseCluster(options, env);
  const { name, region, login, installer } = chosen;
  const aws = createClients(region, login);
  const caller = await getCaller(aws, login);
  const described = await describeCluster(aws, name);
  if (chosen.isDeployment) refuseForeignCluster(described, chosen.deploymentId);
  const access = accessTo(described, region);
  if (described === undefined || access === undefined) {
    const what =
      described === undefined ? `there is no EKS cluster named ${name}` : `the EKS cluster ${name} has no endpoint yet`;
    throw new UserError("NoCluster", `${what} in ${region} (account ${caller.account})`, {
      hint: `look what there is: aws eks list-clusters --region ${region}`,
    });
  }
  const principal = readPrincipal(await principalArn(aws, caller.arn));
  const api = openApiServer({
    access,
    credentials: loginCredentials(login, region),
    exec: createExec({ redact: processRedactor.redact }),
    hideSecrets: (...values) => processRedactor.add(...values),
  });
  const cluster: AdminCluster = {
    name,
    region,
    partition: described.arn?.split(":")[1] ?? "aws",
    mode: described.accessConfig?.authenticationMode ?? "CONFIG_MAP",
    aws,
    api,
    caller: principal,
    installer,
  };
  const flags = chosen.isDeployment ? "" : ` --cluster ${name} --region ${region}`;
  try {
    return await work({ cluster, flags, saveBackup: (map) => saveBackup(chosen.backups(), name, map) });
  } finally {
    api.close();
  }
}

async function chooseCluster(options: ClusterOptions, env: NodeJS.ProcessEnv): Promise<ChosenCluster> {
  const { cluster, assumeRole, deployment, set } = options;
  const ownLogin = assumeRole === undefined ? {} : { assumeRole };
  if (cluster !== undefined) {
    const region = options.region ?? (env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined);
    if (region === undefined) {
      throw new UserError("RegionMissing", `in which region is the cluster ${cluster}?`, {
        hint: "say it with --region",
      });
    }
    return {
      name: cluster,
      region,
      login: ownLogin,
      backups: () => sharedBackups(env),
      isDeployment: false,
      installer: undefined,
    };
  }
  if (options.region !== undefined) {
    throw new UserError("ClusterMissing", "--region names the region of a cluster that --cluster names", {
      hint: "add --cluster NAME; the deployment's own cluster needs neither",
    });
  }
  const loaded = await loadConfigured(
    { ...(deployment !== undefined && { deployment }), ...(set && { set }), needsSecrets: false },
    createExec(),
  );
  const lock = readLock(loaded.deployment.lockFile);
  return {
    name: loaded.config.name,
    region: loaded.config.aws.region,
    login: { ...loaded.config.aws, ...ownLogin },
    backups: () => join(createWorkDir(loaded.deployment).path, "aws-auth"),
    isDeployment: true,
    ...(lock && { deploymentId: lock.id }),
    installer: lock?.installer,
  };
}

function sharedBackups(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "hubctl", "aws-auth");
}

/** As a manifest that `kubectl replace` takes. Never overwritten: the oldest may be the one that is needed. */
function saveBackup(folder: string, cluster: string, map: AwsAuthMap): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "aws-auth", namespace: "kube-system" } };
  const file = join(folder, `${cluster}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.yaml`);
  writeFileSync(file, stringify({ ...manifest, data: map.data }), { mode: 0o600, flag: "wx" });
  return file;
}
