import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { SandboxError } from "../errors.ts";
import { hasFittingVersion, type VersionRule } from "./versions.ts";

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The program that an environment variable names; an error if it names something else. */
export function programFromEnvironment(variable: string): string | undefined {
  const value = process.env[variable];
  if (value === undefined || value === "") return undefined;
  const path = resolve(value);
  if (!isProgram(path)) throw new SandboxError(`${variable} is ${value}, which is not a program`, `Unset ${variable}`);
  return path;
}

/** The first program of that name in the folders of a search path whose version will do. */
export async function programOnPath(
  name: string,
  rule: VersionRule,
  searchPath = process.env["PATH"] ?? "",
): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const folder of searchPath.split(delimiter)) {
    if (!isAbsolute(folder) || isSandboxFolder(folder)) continue;
    const path = join(folder, name);
    if (seen.has(path) || !isProgram(path)) continue;
    seen.add(path);
    if (await hasFittingVersion(path, rule)) return path;
  }
  return undefined;
}

/** A shell that uses one sandbox may start another, which must not depend on the links in the first one's folder. */
function isSandboxFolder(folder: string): boolean {
  return existsSync(join(folder, "..", "launch.json"));
}
