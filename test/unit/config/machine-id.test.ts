import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMachineId } from "../../../src/config/machine-id.ts";
import { createWorkDir } from "../../../src/config/work-dir.ts";

test("a machine has one id for all its deployments, and keeps it", () => {
  const root = mkdtempSync(join(tmpdir(), "hubctl-machine-"));
  const workDir = (name: string) => createWorkDir({ workDir: join(root, ".hubctl", name) });
  const first = readMachineId(workDir("one"));
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(readMachineId(workDir("two"))).toBe(first);
  rmSync(root, { recursive: true });
});
