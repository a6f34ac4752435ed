import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, found from this file, so that it holds for the sources and for .build/ alike. */
export const projectRoot = findProjectRoot(dirname(fileURLToPath(import.meta.url)));

function findProjectRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && isHubctlManifest(readFileSync(manifest, "utf8"))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json of hubctl above ${start}`);
  }
}

function isHubctlManifest(text: string): boolean {
  return (JSON.parse(text) as { name?: unknown }).name === "hubctl";
}
