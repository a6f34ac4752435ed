import { stringify } from "yaml";
import { createClients } from "../aws/clients.ts";
import { accessTo, describeCluster, kubeconfigFor, refuseForeignCluster } from "../aws/cluster.ts";
import { readLock } from "../config/lock-file.ts";
import { UserError } from "../errors.ts";
import { createExec } from "../tools/exec.ts";
import { loadConfigured, thisProgram, type ConfiguredOptions } from "./configured.ts";

/** Prints the kubeconfig; no file of the user's is touched. */
export async function kubeconfig(options: ConfiguredOptions): Promise<void> {
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
  process.stdout.write(stringify(kubeconfigFor(access, thisProgram, config.aws)));
}
