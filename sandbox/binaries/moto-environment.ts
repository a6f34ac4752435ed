import { readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { SandboxError } from "../errors.ts";
import { hasCode } from "../processes.ts";
import { projectRoot } from "../paths.ts";
import { cacheFolder, contentHash, makeOnce, type Report } from "./cache.ts";
import { isProgram } from "./lookup.ts";
import { runTool } from "./run-tool.ts";
import { versions } from "./versions.ts";

/** moto_server in a Python environment of its own. */
export async function installMoto(report: Report): Promise<string> {
  const requirements = join(projectRoot, "sandbox/binaries/moto-requirements.txt");
  const target = join(
    cacheFolder(),
    `moto-${contentHash([readFileSync(requirements), process.platform, process.arch])}`,
  );
  const program = join(target, "bin/moto_server");
  // The interpreter is a link to the system's Python, which may have been removed since.
  const isThere = () => isProgram(program) && isProgram(join(target, "bin/python3"));
  await makeOnce(target, report, isThere, async (temporary) => {
    report(`installing moto ${versions.moto} (about 1 minute, once)`);
    await checkPython();
    // An environment knows its own path, so it can't be renamed; a link to it can.
    const environment = join(dirname(target), `${basename(target)}-${randomBytes(4).toString("hex")}`);
    try {
      await runTool("python3", ["-m", "venv", environment]);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements];
      await runTool(join(environment, "bin/python3"), pip);
      symlinkSync(basename(environment), temporary);
      const before = linkTarget(target);
      renameSync(temporary, target);
      if (before !== undefined) rmSync(join(dirname(target), before), { recursive: true, force: true });
    } catch (error) {
      rmSync(environment, { recursive: true, force: true });
      throw error;
    }
  });
  return program;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function checkPython(): Promise<void> {
  await runTool("python3", ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))"]).catch(() => {
    throw new SandboxError(
      "Python 3.11 or later with its venv module is needed for moto, and `python3` on PATH is not that",
      "Install Python 3.11 or later, or name a moto_server in HUBCTL_SANDBOX_MOTO_SERVER",
    );
  });
}
