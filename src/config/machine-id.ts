import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { WorkDir } from "./work-dir.ts";

/** Tells this machine's work folders from those of others: host names are not unique. Made once, beside the work folders. */
export function readMachineId({ path }: WorkDir): string {
  const file = join(dirname(path), "machine-id");
  try {
    writeFileSync(file, randomUUID(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(file, "utf8");
}
