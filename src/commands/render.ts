import { relative, resolve } from "node:path";
import { readLock } from "../config/lock-file.ts";
import { renderFiles } from "../render/render-files.ts";
import { writeRendered } from "../render/write-rendered.ts";
import { createExec } from "../tools/exec.ts";
import { createOutput } from "../ui/output.ts";
import { loadConfigured, type ConfiguredOptions } from "./configured.ts";

export interface RenderOptions extends ConfiguredOptions {
  out: string;
}

/** Writes what an install would give to Terraform and Helm. Asks no one: neither AWS nor a registry. */
export async function render({ out, ...wanted }: RenderOptions): Promise<void> {
  const { config, deployment, warnings } = await loadConfigured({ ...wanted, needsSecrets: false }, createExec());
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
