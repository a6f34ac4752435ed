import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { withFileLock } from "../file-lock.ts";

export type Report = (line: string) => void;

/** The user's cache folder of everything that was built or downloaded. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(base, "hubctl-sandbox");
}

/** A short name for the whole of what something was made from. */
export function contentHash(parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 16);
}

/**
 * Makes what is not there yet: `make` gets a path beside the wanted one and ends by putting it in place with a rename.
 * One process at a time; the others wait and then find it made. What a killed process left half made is removed.
 */
export async function makeOnce(
  target: string,
  report: Report,
  isThere: () => boolean,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  if (isThere()) return;
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const name = basename(target);
  const onWait = () => report(`waiting for another process that is making ${name}`);
  await withFileLock(join(folder, `${name}.lock`), onWait, async () => {
    if (isThere()) return;
    for (const entry of readdirSync(folder)) {
      if (entry.startsWith(`.${name}.`)) rmSync(join(folder, entry), { recursive: true, force: true });
    }
    const temporary = join(folder, `.${name}.${randomBytes(4).toString("hex")}`);
    try {
      await make(temporary);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}
