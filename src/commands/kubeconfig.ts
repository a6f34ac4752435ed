import { stringify } from "yaml";
import { createClients } from "../aws/clients.ts";
import { accessTo, describeCluster, hubctlToken, kubeconfigFor, refuseForeignCluster } from "../aws/cluster.ts";
import { readLock } from "../config/lock-file.ts";
import { mergeIntoFile, userKubeconfig } from "../config/user-kubeconfig.ts";
import { UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";

export interface KubeconfigOptions extends ConfiguredOptions {
  /** Into the user's own file, which is not touched otherwise. */
  merge: boolean;
}

export async function kubeconfig(options: KubeconfigOptions, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const { config, deployment } = await loadConfigured({ ...options, needsSecrets: false }, createExec());
  const cluster = await describeCluster(createClients(config.aws.region, config.aws), config.name);
  refuseForeignCluster(cluster, readLock(deployment.lockFile)?.id);
  const access = accessTo(cluster, config.aws.region);
  if (!access) {
    const state = cluster
      ? `the EKS cluster ${config.name} has no endpoint yet`
      : `there is no EKS cluster named ${config.name}`;
    throw new UserError("NoCluster", `${state} (region ${config.aws.region})`, {
      hint: `hubctl install --deployment ${deployment.name}`,
    });
  }
  const made = kubeconfigFor(access, hubctlToken(thisProgram, access, config.aws));
  if (options.merge) await merge(made, userKubeconfig(env));
  else process.stdout.write(stringify(made));
}

async function merge(made: ReturnType<typeof kubeconfigFor>, file: string): Promise<void> {
  const output = createOutput();
  const { context, isChanged, backup } = await mergeIntoFile(made, file);
  if (backup !== undefined) output.note(`the file as it was: ${backup}`);
  output.result(isChanged ? `The context ${context} is in ${file}` : `The context ${context} is in ${file} already`);
  output.note(`→ kubectl --context ${context} get nodes`);
}
