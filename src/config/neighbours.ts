import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isGroup, mergeValues } from "./layers.ts";
import { displayPath, type Problem } from "./problem.ts";
import { readYamlFile } from "./yaml-file.ts";

/** What the files beside a hub.yaml hold. */
export interface Neighbours {
  values: Record<string, unknown>;
  extraConfig: Record<string, string>;
  problems: Problem[];
  /** Absolute paths of all that was read so far. */
  files: string[];
  /** The text of a file by its path in the deployment's folder, or what is wrong with it. */
  readText: (path: string) => { text: string } | { message: string };
}

const valuesFolder = "values";
const pythonFolder = "jupyterhub_config.d";

/** A variables file shares its folder with whatever else is there, so only files that are named are read. */
export function noNeighbours(folder: string): Neighbours {
  const files: string[] = [];
  return { values: {}, extraConfig: {}, problems: [], files, readText: (path) => noteFile(files, join(folder, path)) };
}

export function readNeighbours(folder: string, cwd: string): Neighbours {
  const problems: Problem[] = [];
  const files: string[] = [];
  let values: Record<string, unknown> = {};
  for (const name of filesIn(join(folder, valuesFolder))) {
    const file = join(folder, valuesFolder, name);
    const display = displayPath(file, cwd);
    if (name.endsWith(".yml")) problems.push({ at: display, message: "would not be read: its name must end in .yaml" });
    if (!name.endsWith(".yaml")) continue;
    files.push(file);
    const read = readYamlFile(file, display);
    if ("problems" in read) problems.push(...read.problems);
    else if (isGroup(read.value)) values = mergeValues(values, read.value);
    else if (read.value !== null)
      problems.push({ at: display, message: "must be a group of values of the hub's chart" });
  }
  const extraConfig: Record<string, string> = {};
  for (const name of filesIn(join(folder, pythonFolder)).filter((file) => file.endsWith(".py"))) {
    const file = join(folder, pythonFolder, name);
    const read = noteFile(files, file);
    if ("text" in read) extraConfig[name.slice(0, -".py".length)] = read.text;
    else problems.push({ at: displayPath(file, cwd), message: read.message });
  }
  return { values, extraConfig, problems, files, readText: (path) => noteFile(files, join(folder, path)) };
}

function noteFile(files: string[], file: string): { text: string } | { message: string } {
  files.push(file);
  return readTextFile(file);
}

/** In the order of their names, which is the same on every machine. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .sort();
}

function readTextFile(file: string): { text: string } | { message: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(file)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { message: `there is no file ${file}` };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return { message: `${file} is not text in UTF-8` };
    if (code === "EISDIR") return { message: `${file} is a folder` };
    if (code === "EACCES") return { message: `${file} can't be read: ${(error as Error).message}` };
    throw error;
  }
}
