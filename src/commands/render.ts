import { relative, resolve } from "node:path";
import { readLock } from "../config/lock-file.ts";
import { renderFiles } from "../render/render-files.ts";
import { writeRendered } from "../render/write-rendered.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { loadConfigured } from "./configured.ts";

export interface RenderOptions {
  deployment?: string;
  out: string;
}

/** Writes what an install would give to Terraform and Helm. Asks no one: neither AWS nor a registry. */
export async function render({ deployment: wanted, out }: RenderOptions): Promise<void> {
  const { config, deployment, warnings } = await loadConfigured(wanted, createExec(), { needsSecrets: false });
  const output = createOutput();
  for (const warning of warnings) output.note(`${output.style("yellow", "!")} ${warning}`);
  const lock = readLock(deployment.lockFile);
  const files = renderFiles(config, lock);
  await writeRendered(resolve(out), files);
  const versions = lock
    ? `versions are those of ${relative(process.cwd(), deployment.lockFile)}`
    : "there is no lock file yet: what the first install resolves stands there as <lock.…>";
  output.note(`${files.size} files of ${deployment.name} are in ${out}; ${versions}`);
}
