import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is gone when the test is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hubctl-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an executable that runs the source as an ES module; gives its path. */
export function writeTool(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  // Without an extension Node takes a file for CommonJS, so the module stands beside it.
  writeFileSync(`${path}.mjs`, source);
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${path}.mjs" "$@"\n`, { mode: 0o755 });
  return path;
}
