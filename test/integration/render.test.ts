import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listDeployments } from "../../src/config/deployment.ts";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { loadDeployment, type LoadedDeployment } from "../../src/config/load-deployment.ts";
import type { RunTerraform } from "../../src/config/read-tfvars.ts";
import { addonNames } from "../../src/config/terraform-variables.ts";
import { frozenImages, imageKey } from "../../src/images/frozen-images.ts";
import { renderFiles } from "../../src/render/render-files.ts";
import { writeRendered } from "../../src/render/write-rendered.ts";
import { releaseInputs } from "../helpers/release-inputs.ts";
import { findTerraformOffline } from "../helpers/simulated-aws.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const examples = readdirSync(join(root, "examples"))
  .flatMap((name) => listDeployments(join(root, "examples", name))?.deployments ?? [])
  .filter((deployment) => deployment.root.startsWith(join(root, "examples")));
const canary = "canary-0123456789abcdef0123456789abcdef";
/** What the operators of the examples would have set. */
const operator = {
  ...Object.fromEntries(
    ["HUBCTL_OAUTH_CLIENT_ID", "HUBCTL_OAUTH_CLIENT_SECRET", "HUBCTL_USER_PASSWORD", "HUBCTL_ADMIN_PASSWORD"].map(
      (name) => [name, canary],
    ),
  ),
  TF_VAR_github_client_id: canary,
  TF_VAR_github_client_secret: canary,
  TF_VAR_aws_certificate_arn: "arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555",
};

let dir: string;
let terraform: string;
let env: Record<string, string>;
let loaded: LoadedDeployment[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "render-"));
  ({ terraform, env } = await findTerraformOffline(dir));
  loaded = await Promise.all(
    examples.map(({ root: cwd, name }) =>
      loadDeployment({ cwd, deployment: name, env: operator, runTerraform, needsSecrets: false }),
    ),
  );
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const runTerraform: RunTerraform = (args, { cwd, input }) => {
  const { stdout, stderr, status } = spawnSync(terraform, args, { cwd, env, input, encoding: "utf8" });
  return Promise.resolve({ stdout, stderr, exitCode: status ?? -1 });
};

/** What the first install would record. */
function lockOf(config: HubConfig): HubLock {
  const { aws, network } = config;
  const zones = "abcd".slice(0, network.existingVpc ? 2 : network.vpc.zones).split("");
  const digest = `sha256:${"1".repeat(64)}`;
  return {
    ...releaseInputs().lock,
    id: "3f1c9a52d4e67f80",
    account: aws.accountId ?? "123456789012",
    region: aws.region,
    zones: zones.map((letter, index) => ({ id: `test-az${index + 1}`, name: `${aws.region}${letter}` })),
    addons: Object.fromEntries(addonNames.map((name) => [name, "v1.0.0-eksbuild.1"])),
    images: Object.fromEntries(frozenImages(config).map((image) => [imageKey(image), digest])),
  };
}

/** What AWS would tell of a VPC that exists. */
function existingNetwork({ network: { existingVpc } }: HubConfig, { zones }: HubLock): object[] {
  if (existingVpc === undefined) return [];
  const { id: vpc_id, nodeSubnets, loadBalancerSubnets } = existingVpc;
  const vpc = { id: vpc_id, enable_dns_support: true, enable_dns_hostnames: true };
  const subnets = [nodeSubnets, loadBalancerSubnets].flatMap((ids) =>
    ids.map((id, index) => ({
      target: `data.aws_subnet.existing["${id}"]`,
      values: { id, vpc_id, availability_zone: zones[index % zones.length]?.name },
    })),
  );
  return [{ target: "data.aws_vpc.existing[0]", values: vpc }, ...subnets];
}

function readAll(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.sort().map((file) => [file.slice(folder.length), readFileSync(file, "utf8")]));
}

it("has examples", () => {
  expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(["dandi", "dandihub"]));
});

describe("every example", () => {
  it("renders to the same bytes twice, and no secret is among them", async () => {
    for (const { deployment, config } of loaded) {
      const folders = ["first", "second"].map((name) =>
        join(dir, name, deployment.root.replaceAll("/", "_"), deployment.name),
      );
      for (const folder of folders) await writeRendered(folder, renderFiles(structuredClone(config), undefined));
      const [first = {}, second] = folders.map(readAll);
      expect(first).toEqual(second);
      expect(Object.keys(first)).toContain("/values/jupyterhub.yaml");
      expect(JSON.stringify(first)).not.toContain(canary);
    }
  });

  it("says in placeholders alone what is not known before the first install", () => {
    for (const { config } of loaded) {
      const rendered = [...renderFiles(config, undefined).values()].join("\n");
      expect(rendered).not.toMatch(/undefined|\[object Object\]|\bNaN\b/);
      const recorded = [...renderFiles(config, lockOf(config)).values()].join("\n");
      expect(recorded).not.toContain("<lock.");
    }
  });

  it.each(["storage", "cluster"] as const)(
    "renders to a stack %s that is valid, and to variables that it takes",
    async (stack) => {
      const folder = join(dir, "terraform", stack);
      const [example] = loaded;
      if (example) await writeRendered(join(dir, "rendered"), renderFiles(example.config, undefined));
      cpSync(join(dir, "rendered", "terraform", stack), folder, { recursive: true });
      cpSync(join(root, "test", "terraform", stack, "mocks"), join(folder, "mocks"), { recursive: true });
      await run(terraform, ["init", "-no-color"], { cwd: folder, env });
      const { stdout: validated } = await run(terraform, ["validate", "-json"], { cwd: folder, env });
      expect(JSON.parse(validated)).toMatchObject({ valid: true, error_count: 0, warning_count: 0 });

      rmSync(join(folder, "terraform.tfvars.json"));
      const plan = (config: HubConfig, lock?: HubLock) => {
        const text = renderFiles(config, lock).get(`terraform/${stack}/terraform.tfvars.json`) ?? "";
        const found = stack === "cluster" && lock ? existingNetwork(config, lock) : [];
        return { command: "plan", variables: JSON.parse(text) as object, override_data: found };
      };
      const plans = loaded.map(({ config }, index) => [`example_${index}`, plan(config, lockOf(config))]);
      // What is not known yet is refused: nobody should apply a render by mistake.
      const placeholders = ["deployment_id", "account_id", ...(stack === "cluster" ? ["installer_arn"] : [])];
      const early = {
        ...plan(releaseInputs().config),
        expect_failures: placeholders.map((name) => `var.${name}`),
      };
      const runs = { ...(Object.fromEntries(plans) as object), early };
      const test = { mock_provider: { aws: { source: "./mocks" } }, run: runs };
      writeFileSync(join(folder, "examples.tftest.json"), JSON.stringify(test));
      const failed = (error: unknown) => error as { stdout: string; stderr: string };
      const { stdout, stderr } = await run(terraform, ["test", "-no-color"], { cwd: folder, env }).catch(failed);
      expect(stdout + stderr).toMatch(new RegExp(`^Success! ${loaded.length + 1} passed, 0 failed\\.$`, "m"));
    },
    300_000,
  );
});
