import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HubConfig } from "../../src/config/hub-config.ts";
import type { HubLock } from "../../src/config/hub-lock.ts";
import { addonNames, terraformVariables } from "../../src/config/terraform-variables.ts";
import { anyHubConfig } from "../helpers/any-hub-file.ts";
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

/** What a first install of such a hub would record. */
function lockOf({ aws, certificate, network }: HubConfig): HubLock {
  const account = (typeof certificate === "string" ? certificate.split(":")[4] : undefined) ?? "123456789012";
  const letters = "abcd".slice(0, network.existingVpc?.nodeSubnets.length ?? network.vpc.zones);
  return {
    hubctl: "0.1.0",
    id: "0123456789abcdef",
    account,
    region: aws.region,
    installer: `arn:aws:iam::${account}:role/operator`,
    kubernetes: "1.36",
    addons: Object.fromEntries(addonNames.map((name) => [name, "v1.0.0-eksbuild.1"])),
    nodeImage: { release: "1.36.1-20261110", alias: "al2023@v20261110" },
    zones: Array.from(letters, (letter, index) => ({ id: `az${index + 1}`, name: `${aws.region}${letter}` })),
    charts: {},
    provider: "5.100.0",
  };
}

/** What AWS would say of the VPC and its subnets, each subnet of a list in another zone. */
function networkAnswers({ aws, network: { existingVpc: vpc } }: HubConfig): object[] {
  if (!vpc) return [];
  const subnets = [vpc.nodeSubnets, vpc.loadBalancerSubnets].flatMap((ids) =>
    ids.map((id, index) => ({
      target: `data.aws_subnet.existing["${id}"]`,
      values: { id, vpc_id: vpc.id, availability_zone: `${aws.region}${"abcd".charAt(index)}` },
    })),
  );
  return [
    {
      target: "data.aws_vpc.existing[0]",
      values: { id: vpc.id, enable_dns_support: true, enable_dns_hostnames: true },
    },
    ...subnets,
  ];
}

/** One plan for each configuration, as a file of tests. */
function plansOf(stack: (typeof stacks)[number], configs: readonly HubConfig[]): string {
  const runs = configs.map((config, index) => [
    `plan_${index}`,
    {
      command: "plan",
      variables: terraformVariables(stack, config, lockOf(config)),
      ...(stack === "cluster" ? { override_data: networkAnswers(config) } : {}),
    },
  ]);
  const text = JSON.stringify({
    mock_provider: { aws: { source: "./mocks" } },
    run: Object.fromEntries(runs) as object,
  });
  // Texts are templates there.
  return text.replaceAll("${", "$${").replaceAll("%{", "%%{");
}

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

  it.each(stacks)(
    "of %s take the variables of any hub",
    async (stack) => {
      const configs = fc.sample(anyHubConfig, 4);
      const folder = join(dir, stack, "generated");
      mkdirSync(folder);
      writeFileSync(join(folder, "plans.tftest.json"), plansOf(stack, configs));
      const failed = (error: unknown) => error as { stdout: string; stderr: string };
      const { stdout, stderr } = await run(
        terraform,
        ["test", "-no-color", "-test-directory=generated", "-filter=generated/plans.tftest.json"],
        { cwd: join(dir, stack), env },
      ).catch(failed);
      expect(stdout, `${stderr}\nof ${JSON.stringify(configs)}`).toMatch(/^Success! 4 passed, 0 failed\.$/m);
    },
    300_000,
  );
});
