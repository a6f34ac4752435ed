import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { snapshotFolder } from "./sandbox.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A name that no other run of the tests has at the same time. */
    run: string;
  }
}

/** Snapshots are shared by the files of one run, which nothing else tells from those of another. */
export function setup({ provide }: TestProject): () => void {
  const run = `run-${process.pid}`;
  provide("run", run);
  return () => {
    const folder = dirname(snapshotFolder(run));
    for (const name of namesIn(folder)) {
      if (name.startsWith(`${run}-`)) rmSync(join(folder, name), { recursive: true });
    }
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
