import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Example } from "../example.ts";
import { runTimed, type TimedCommand } from "./run-timed.ts";

const planFile = "bench.tfplan";

/** `terraform plan` of both stacks; each fails, by its exit code, if there is anything to change. */
export function planCommands({ env, work }: Example): TimedCommand[] {
  return ["storage", "cluster"].map((stack) => {
    const cwd = join(work, "terraform", stack);
    return {
      file: "terraform",
      args: ["plan", "-input=false", "-no-color", "-detailed-exitcode", `-out=${join(cwd, planFile)}`],
      cwd,
      // As in hubctl: otherwise Terraform would ask HashiCorp for news each time.
      env: { ...env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" },
    };
  });
}

export function removePlans(plans: readonly TimedCommand[]): void {
  for (const { cwd = "" } of plans) rmSync(join(cwd, planFile));
}

export function helmCommand({ env, install, kubeconfig }: Example, ...args: string[]): TimedCommand {
  return { file: "helm", args: [...args, "--kubeconfig", kubeconfig], cwd: install.cwd, env };
}

export interface InstalledRelease {
  name: string;
  namespace: string;
  /** Name and version in one. */
  chart: string;
}

export async function listReleases(example: Example, signal: AbortSignal): Promise<InstalledRelease[]> {
  const list = await runTimed(helmCommand(example, "list", "--all-namespaces", "--output", "json"), { signal });
  return JSON.parse(list.stdout) as InstalledRelease[];
}

/** One after the other, as a script does it. */
export async function runInTurn(commands: readonly TimedCommand[], signal: AbortSignal): Promise<{ seconds: number }> {
  let seconds = 0;
  for (const command of commands) seconds += (await runTimed(command, { signal })).seconds;
  return { seconds };
}
