import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { sandboxEnvironment } from "./environment.ts";
import { projectRoot } from "./paths.ts";
import type { SandboxState } from "./state.ts";

/** A command as an operator would give it. */
interface ExampleCommand {
  file: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** The example deployment in a sandbox. */
export interface Example {
  env: NodeJS.ProcessEnv;
  /** hubctl's own folder of the deployment. */
  work: string;
  kubeconfig: string;
  install: ExampleCommand;
}

export const hubctlProgram = join(projectRoot, "bin", "hubctl.js");

/** Puts the example in the sandbox's own folder: the original stays as it is, and `down` removes what an install leaves. */
export function prepareExample(folder: string, state: SandboxState): Example {
  const deployment = "dandihub";
  const { set, unset } = sandboxEnvironment(folder, state, process.env);
  const env: NodeJS.ProcessEnv = { ...process.env, ...set, HUB_DEPLOYMENT_NAME: deployment };
  for (const variable of unset) Reflect.deleteProperty(env, variable);

  const cwd = join(folder, deployment);
  mkdirSync(cwd, { recursive: true });
  cpSync(join(projectRoot, "examples", deployment), cwd, { recursive: true });
  const work = join(cwd, ".hubctl", deployment);
  const args = [hubctlProgram, "install", "--deployment", deployment, "--yes"];
  return {
    env,
    work,
    kubeconfig: join(work, "kubeconfig"),
    install: { file: process.execPath, args, cwd, env },
  };
}
