import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import type { CopyManifest } from "../aws/config-copy.ts";
import type { Deployment } from "../config/deployment.ts";
import { workDirPaths } from "../config/work-dir.ts";

/** A rollback that has put the former files in place and has not come to its end. */
const begunSchema = z.object({
  /** The newest configuration that was installed to its end when it began, and the one that it goes back to. */
  newest: z.string(),
  to: z.string(),
  /** Where the files lie that were here before, and their paths in it. */
  folder: z.string(),
  kept: z.array(z.string()),
  /** Something has been done in AWS or in the cluster. */
  hasTouched: z.boolean(),
});
export type BegunRollback = z.infer<typeof begunSchema>;

export interface TakenBack {
  folder: string;
  /** From now on the files that were here before do not fit any more what is there. */
  touch(): Promise<void>;
  /** Puts back what was here, unless something was touched. */
  undo(): Promise<void>;
  end(): Promise<void>;
}

interface FormerFiles {
  deployment: Deployment;
  /** By absolute path; without the lock file. */
  former: ReadonlyMap<string, string>;
  /** What the configuration is read from now. */
  present: readonly string[];
}

/** Tells configurations of the state bucket apart: the same may have been installed at two times. */
export function copyId({ hash, saved }: Pick<CopyManifest, "hash" | "saved">): string {
  return `${saved} ${hash}`;
}

export function readBegunRollback(deployment: Deployment): BegunRollback | undefined {
  const file = begunFile(deployment);
  if (!existsSync(file)) return undefined;
  try {
    return begunSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether what is here is what that rollback has made of it, and not what somebody has written or put back since. */
export function isUnderWay({ deployment, former, present }: FormerFiles, { folder, kept }: BegunRollback): boolean {
  const before = (file: string) => textOf(join(folder, relative(deployment.root, file)));
  const files = [...new Set([...present, ...former.keys(), ...kept.map((path) => join(deployment.root, path))])];
  const configuration = files.filter((file) => file !== deployment.lockFile);
  const isAsBefore = (file: string) => textOf(file) === before(file);
  return (
    configuration.every((file) => isAsBefore(file) || textOf(file) === former.get(file)) &&
    ![...configuration, deployment.lockFile].every(isAsBefore)
  );
}

/** Puts the former files in the place of those that are here, which are kept. */
export async function takeFilesBack(
  { deployment, former, present }: FormerFiles,
  way: Pick<BegunRollback, "newest" | "to">,
  begun?: BegunRollback,
): Promise<TakenBack> {
  const { root } = deployment;
  const record = begun ?? (await keepPresent(deployment, present, way));
  const { folder, kept } = record;
  const write = (content: BegunRollback) =>
    writeFileAtomic(begunFile(deployment), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  // Before the first file: a rollback that is killed is gone on with, wherever it was.
  await write(record);
  for (const path of kept) {
    const file = join(root, path);
    if (file !== deployment.lockFile && !former.has(file)) await rm(file, { force: true });
  }
  for (const [file, text] of former) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const end = () => rm(begunFile(deployment), { force: true });
  let { hasTouched } = record;
  return {
    folder,
    end,
    async touch() {
      hasTouched = true;
      await write({ ...record, hasTouched });
    },
    async undo() {
      if (hasTouched) return;
      for (const file of former.keys()) if (!kept.includes(relative(root, file))) await rm(file, { force: true });
      for (const path of kept) await cp(join(folder, path), join(root, path));
      await end();
      await rm(folder, { recursive: true });
    },
  };
}

async function keepPresent(
  deployment: Deployment,
  present: readonly string[],
  way: Pick<BegunRollback, "newest" | "to">,
): Promise<BegunRollback> {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const folder = join(workDirPaths(deployment).path, "before-rollback", stamp);
  const kept = [...present.filter((file) => existsSync(file)), deployment.lockFile].map((file) =>
    relative(deployment.root, file),
  );
  for (const path of kept) {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    await cp(join(deployment.root, path), join(folder, path));
  }
  return { ...way, folder, kept, hasTouched: false };
}

function begunFile(deployment: Deployment): string {
  return join(workDirPaths(deployment).path, "rollback.json");
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
