import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
let folder: string;
let hubctl: string;

// The tarball as the registry would serve it, in a folder that knows nothing of this checkout.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hubctl-package-"));
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
  });
  const [packed] = Object.values(JSON.parse(stdout) as object) as { filename: string }[];
  await writeFile(join(folder, "package.json"), "{}");
  const tarball = join(folder, packed!.filename);
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--omit=dev", tarball], { cwd: folder });
  hubctl = join(folder, "node_modules", ".bin", "hubctl");
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the packed program knows its version", async () => {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  const { stdout } = await run(hubctl, ["--version"], { cwd: folder });
  expect(stdout.trim()).toBe(version);
});

test("the packed program shows its help", async () => {
  const { stdout } = await run(hubctl, ["--help"], { cwd: folder });
  expect(stdout).toContain("install");
  expect(stdout).toContain("--deployment");
});

test("templates and the schema are packed, tests and the sandbox are not", async () => {
  const installed = join(folder, "node_modules", "hubctl");
  await expect(readFile(join(installed, "templates/terraform/cluster/cluster.tf"), "utf8")).resolves.toContain(
    "aws_eks_cluster",
  );
  await expect(readFile(join(installed, "templates/charts/platform/Chart.yaml"), "utf8")).resolves.toContain(
    "hubctl-platform",
  );
  await expect(readFile(join(installed, "hub.schema.json"), "utf8")).resolves.toContain("existingVpc");
  await expect(readFile(join(installed, "sandbox/main.ts"))).rejects.toThrow("ENOENT");
  await expect(readFile(join(installed, "test/integration/package.test.ts"))).rejects.toThrow("ENOENT");
});
