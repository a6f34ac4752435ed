import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import type { Deployment } from "./deployment.ts";

/** The text of each file of a configuration, by its path from the config root, with "/" between its parts. */
export type ConfigFiles = ReadonlyMap<string, string>;

/** What a deployment's configuration was read from, and its lock file if there is one. */
export function readConfigFiles({ root, lockFile }: Deployment, files: readonly string[]): ConfigFiles {
  const texts = [...files, lockFile].flatMap((file): [string, string][] => {
    const text = readIfThere(file);
    return text === undefined ? [] : [[relative(root, file).split(sep).join("/"), text]];
  });
  return new Map(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same for the same files, on every machine. */
export function hashConfig(hashes: ReadonlyMap<string, string>): string {
  return hashText(JSON.stringify([...hashes].sort(([a], [b]) => (a < b ? -1 : 1))));
}

export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
