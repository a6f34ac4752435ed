import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "./deployment.ts";
import { workDirPaths } from "./work-dir.ts";

/** Hash of the copy in the state bucket that this machine knew last: what differs from a later one is not newer than it. */
export function readLastSeenCopy(deployment: Pick<Deployment, "workDir">): string | undefined {
  try {
    return readFileSync(lastSeenCopyFile(deployment), "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export function lastSeenCopyFile(deployment: Pick<Deployment, "workDir">): string {
  return join(workDirPaths(deployment).path, "config-copy");
}
