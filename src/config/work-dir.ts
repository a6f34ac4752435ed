import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Deployment } from "./deployment.ts";

export type StackName = "storage" | "cluster";

/** hubctl's own folder of a deployment. Nothing in it is needed to find the deployment again: that is in AWS and the lock file. */
export interface WorkDir {
  path: string;
  /** Rendered Terraform of a stack; Terraform's own `.terraform` lies in it. */
  terraform(stack: StackName): string;
  logs: string;
  journal: string;
  kubeconfig: string;
  /** Through which a run looks at the cluster before it has written the other one. */
  kubeconfigForChecks: string;
}

export function workDirPaths(deployment: Pick<Deployment, "workDir">): WorkDir {
  const path = deployment.workDir;
  return {
    path,
    terraform: (stack) => join(path, "terraform", stack),
    logs: join(path, "logs"),
    journal: join(path, "journal"),
    kubeconfig: join(path, "kubeconfig"),
    kubeconfigForChecks: join(path, "kubeconfig-for-checks"),
  };
}

/** Makes the folders that are missing, for the user alone: plans and logs tell more than everybody should know. */
export function createWorkDir(deployment: Pick<Deployment, "workDir">): WorkDir {
  const paths = workDirPaths(deployment);
  const folders = [paths.path, paths.terraform("storage"), paths.terraform("cluster"), paths.logs, paths.journal];
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ignoreFile = join(dirname(paths.path), ".gitignore");
  if (!existsSync(ignoreFile)) writeFileSync(ignoreFile, "*\n");
  return paths;
}
