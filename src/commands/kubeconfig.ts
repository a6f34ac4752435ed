import { stringify } from "yaml";
import { createClients } from "../aws/clients.ts";
import { findClusterAccess, kubeconfigFor, requireClusterAccess } from "../aws/cluster.ts";
import { createExec } from "../tools/exec.ts";
import { loadConfigured, thisProgram } from "./configured.ts";

/** Prints the kubeconfig; no file of the user's is touched. */
export async function kubeconfig(options: { deployment?: string }): Promise<void> {
  const { config } = await loadConfigured(options.deployment, createExec());
  const found = await findClusterAccess(createClients(config.aws.region), config.name);
  const access = requireClusterAccess(found, config.name);
  process.stdout.write(stringify(kubeconfigFor(access, thisProgram)));
}
