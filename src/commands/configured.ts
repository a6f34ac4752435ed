import { loadDeployment, type LoadedDeployment, type LoadOptions } from "../config/load-deployment.ts";
import type { Exec } from "../tools/exec.ts";
import { findTerraform } from "../tools/terraform.ts";

/** Finds and reads the deployment that a command works on. Terraform is only looked for when its parser is needed. */
export function loadConfigured(
  deployment: string | undefined,
  exec: Exec,
  options: Pick<LoadOptions, "needsSecrets"> = {},
): Promise<LoadedDeployment> {
  return loadDeployment({
    ...options,
    cwd: process.cwd(),
    deployment,
    env: process.env,
    runTerraform: async (args, { cwd, input }) => {
      const { file } = await findTerraform(exec);
      return exec({ file, args, cwd, input }, { accept: [1] });
    },
  });
}

/** The argv prefix that runs this very hubctl, whether it is on PATH or not. */
export const thisProgram: readonly [string, string] = [process.execPath, process.argv[1] ?? "hubctl"];
