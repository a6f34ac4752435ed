import { useProfile } from "../aws/login.ts";
import { loadDeployment, type LoadedDeployment, type LoadOptions } from "../config/load-deployment.ts";
import type { Exec } from "../tools/exec.ts";
import { findTerraform } from "../tools/terraform.ts";

/** What every command that reads a configuration takes. */
export interface ConfiguredOptions extends Pick<LoadOptions, "needsSecrets" | "needsCertificate"> {
  deployment?: string;
  /** Overrides for one run, as "path=value". */
  set?: string[];
}

/**
 * Finds and reads the deployment that a command works on, and logs in as its configuration says. Terraform is only
 * looked for when its parser is needed.
 */
export async function loadConfigured(
  { deployment, set, needsSecrets, needsCertificate }: ConfiguredOptions,
  exec: Exec,
): Promise<LoadedDeployment> {
  const loaded = await loadDeployment({
    ...(set && { set }),
    ...(needsSecrets !== undefined && { needsSecrets }),
    ...(needsCertificate !== undefined && { needsCertificate }),
    cwd: process.cwd(),
    deployment,
    env: process.env,
    runTerraform: async (args, { cwd, input }) => {
      const { file } = await findTerraform(exec);
      return exec({ file, args, cwd, input }, { accept: [1] });
    },
  });
  useProfile(loaded.config.aws);
  return loaded;
}

/** The argv prefix that runs this very hubctl, whether it is on PATH or not. */
export const thisProgram: readonly [string, string] = [process.execPath, process.argv[1] ?? "hubctl"];
