import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandError, createExec, createStartTool } from "../../src/tools/exec.ts";
import { createStack } from "../../src/tools/terraform-stack.ts";
import { findTerraform } from "../../src/tools/terraform.ts";
import { temporaryFolder } from "../helpers/tools.ts";

// terraform_data belongs to Terraform itself: no provider, no network, no account.
const network = `resource "terraform_data" "network" {
  input = "10.0.0.0/16"
}`;
const cluster = (trigger: string) => `resource "terraform_data" "cluster" {
  input            = terraform_data.network.output
  triggers_replace = "${trigger}"
}
output "address" {
  value     = terraform_data.cluster.output
  sensitive = true
}`;

async function openStack() {
  const dir = temporaryFolder();
  const log: string[] = [];
  const notes: string[] = [];
  const dependencies = { exec: createExec(), start: createStartTool(), log: (line: string) => void log.push(line) };
  const binary = await findTerraform(dependencies.exec);
  const stack = createStack({ dir, binary, pluginCache: join(dir, "providers") }, dependencies);
  const report = { progress: (text: string) => void notes.push(text), note: (text: string) => void notes.push(text) };
  const write = (...parts: string[]) => writeFileSync(join(dir, "main.tf"), parts.join("\n"));
  return { dir, stack, report, log, notes, write };
}

describe("a stack worked on by the real Terraform", () => {
  it("is planned, applied, empty when planned again, and names what would be replaced", async () => {
    const { dir, stack, report, log, write } = await openStack();
    write(network, cluster("a"));
    await stack.init(report);
    const first = await stack.plan(report);
    expect(first.summary.create.map(({ address }) => address)).toEqual([
      "terraform_data.cluster",
      "terraform_data.network",
    ]);
    await stack.apply(first, report);
    expect(existsSync(first.file)).toBe(false);
    expect(await stack.outputs()).toEqual({ address: "10.0.0.0/16" });

    await stack.init(report);
    expect((await stack.plan(report)).summary.isEmpty).toBe(true);

    write(network, cluster("b"));
    const { replace } = (await stack.plan(report)).summary;
    expect(replace).toEqual([
      expect.objectContaining({ address: "terraform_data.cluster", forcedBy: ["triggers_replace"] }),
    ]);
    expect(readdirSync(dir).filter((name) => name.startsWith("terraform-"))).toEqual([]);
    expect(log.filter((line) => line.includes("Apply complete! Resources: 2 added"))).toHaveLength(1);
  });

  it("is initialised again only after a change of what that depends on", async () => {
    const { stack, report, log, write } = await openStack();
    const inits = () => log.filter((line) => line.includes("exit 0 of terraform init")).length;
    write(network);
    await stack.init(report);
    await stack.init(report);
    expect(inits()).toBe(1);
    write(network, cluster("a"));
    await stack.init(report);
    expect(inits()).toBe(2);
  });

  it("refuses a saved plan that the state has left behind", async () => {
    const { dir, stack, report, write } = await openStack();
    write(network);
    await stack.init(report);
    const planned = await stack.plan(report);
    const saved = readFileSync(planned.file);
    await stack.apply(planned, report);
    writeFileSync(planned.file, saved);
    const error = await stack.apply(planned, report).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({
      code: "TerraformFailed",
      output: expect.stringContaining("Error: Saved plan is stale") as string,
    });
    expect(readdirSync(dir).filter((name) => name.startsWith("terraform-"))).toEqual([]);
  });

  it("fails with Terraform's own words", async () => {
    const { stack, report, write } = await openStack();
    write(network);
    await stack.init(report);
    write(`resource "terraform_data" "bad" {\n  input = var.nope\n}`);
    await expect(stack.plan(report)).rejects.toMatchObject({
      output: expect.stringContaining("Error: Reference to undeclared input variable") as string,
    });
    write("resource {");
    await expect(stack.init(report)).rejects.toMatchObject({
      subcommand: "init",
      output: expect.stringContaining("Missing") as string,
    });
  });
});
