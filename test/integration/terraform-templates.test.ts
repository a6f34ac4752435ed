import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findTerraformOffline } from "../helpers/simulated-aws.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const stacks = ["storage", "cluster"] as const;

let dir: string;
let terraform: string;
let env: Record<string, string>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "terraform-templates-"));
  ({ terraform, env } = await findTerraformOffline(dir));
  for (const stack of stacks) {
    const folder = join(dir, stack);
    cpSync(join(root, "templates", "terraform", stack), folder, { recursive: true });
    cpSync(join(root, "test", "terraform", stack), folder, { recursive: true });
    await run(terraform, ["init", "-no-color"], { cwd: folder, env });
  }
}, 300_000);

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the Terraform templates", () => {
  it("are formatted", async () => {
    for (const folder of ["templates/terraform", "test/terraform"]) {
      const { stdout } = await run(terraform, ["fmt", "-check", "-recursive", folder], { cwd: root, env });
      expect(stdout).toBe("");
    }
  });

  it.each(stacks)("of %s are valid, without a warning", async (stack) => {
    const { stdout } = await run(terraform, ["validate", "-json"], { cwd: join(dir, stack), env });
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, error_count: 0, warning_count: 0 });
  });

  it.each(stacks)(
    "of %s say what they should to a provider that is a mock",
    async (stack) => {
      const failed = (error: unknown) => ({ stdout: (error as { stdout?: string }).stdout ?? String(error) });
      const { stdout } = await run(terraform, ["test", "-no-color"], { cwd: join(dir, stack), env }).catch(failed);
      expect(stdout).toMatch(/^Success! ([4-9]|\d{2,}) passed, 0 failed\.$/m);
    },
    300_000,
  );
});
