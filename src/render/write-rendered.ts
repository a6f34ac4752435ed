import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";

/** Lies in a folder that render has written, and names the files that are its own. */
const marker = ".hubctl-render";

/** Writes files below a folder that is new, empty, or holds an earlier render, whose other files are removed. */
export async function writeRendered(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const earlier = await readMarker(folder);
  const stale = earlier.filter((path) => !files.has(path));
  await Promise.all(stale.map((path) => rm(join(folder, path), { force: true })));
  await mkdir(folder, { recursive: true });
  // First of all: a render that is cut short must not stand in the way of the next one.
  await writeFile(join(folder, marker), [...files.keys(), ""].join("\n"));
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** The files of an earlier render. Refuses a folder that holds anything else. */
async function readMarker(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") throw new UserError("OutputNotAFolder", `${folder} is not a folder`, { hint: chooseOther });
    throw error;
  });
  if (names.length === 0) return [];
  if (!names.includes(marker)) {
    throw new UserError("OutputNotEmpty", `${folder} holds files that hubctl render did not write`, {
      hint: chooseOther,
    });
  }
  const paths = (await readFile(join(folder, marker), "utf8")).split("\n").filter((path) => path !== "");
  // Only what a render can have written: a file that someone changed must not make it delete others.
  return paths.filter((path) => /^(terraform\/[a-z]+|values)\/[\w.-]+$/.test(path));
}

const chooseOther = "name a new or empty folder: --out DIR";
