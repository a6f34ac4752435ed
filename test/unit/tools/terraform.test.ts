import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/errors.ts";
import {
  applyCommand,
  findTerraform,
  forceUnlockCommand,
  initCommand,
  outputCommand,
  parseOutputs,
  parseStateOutputs,
  parseVersion,
  planCommand,
  pushStateCommand,
  showPlanCommand,
} from "../../../src/tools/terraform.ts";
import { fakeExec } from "../../helpers/fake-exec.ts";

const folder = { file: "terraform", dir: "/deployment/cluster", pluginCache: "/deployment/providers" };

describe("the builders of Terraform's commands", () => {
  it.each([
    ["init", initCommand(folder), ["init", "-input=false", "-no-color", "-reconfigure"]],
    [
      "plan",
      planCommand(folder, { out: "p" }),
      ["plan", "-input=false", "-no-color", "-json", "-detailed-exitcode", "-lock-timeout=60s", "-out=p"],
    ],
    [
      "plan of a destroy",
      planCommand(folder, { out: "p", destroy: true }),
      ["plan", "-input=false", "-no-color", "-json", "-detailed-exitcode", "-lock-timeout=60s", "-destroy", "-out=p"],
    ],
    [
      "plan that is only looked at",
      planCommand(folder, { out: "p", isLocked: false }),
      ["plan", "-input=false", "-no-color", "-json", "-detailed-exitcode", "-lock=false", "-out=p"],
    ],
    ["show", showPlanCommand(folder, "p"), ["show", "-no-color", "-json", "p"]],
    ["apply", applyCommand(folder, "p"), ["apply", "-input=false", "-no-color", "-json", "-lock-timeout=60s", "p"]],
    ["output", outputCommand(folder), ["output", "-no-color", "-json"]],
    ["state push", pushStateCommand(folder, "e"), ["state", "push", "-lock-timeout=60s", "e"]],
    ["force-unlock", forceUnlockCommand(folder, "1-2"), ["force-unlock", "-force", "1-2"]],
  ])("%s", (_, command, args) => {
    expect(command.args).toEqual(args);
    expect(command).toMatchObject({ file: "terraform", cwd: "/deployment/cluster" });
  });

  it("sets what automation needs and takes away what would change the arguments' meaning", () => {
    const { env } = planCommand(folder, { out: "p" });
    expect(env).toMatchObject({
      TF_IN_AUTOMATION: "1",
      TF_INPUT: "0",
      CHECKPOINT_DISABLE: "1",
      TF_PLUGIN_CACHE_DIR: "/deployment/providers",
    });
    for (const name of ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_WORKSPACE", "TF_DATA_DIR"]) {
      expect(env).toHaveProperty(name, undefined);
    }
  });
});

describe("the parsers of Terraform's answers", () => {
  it("reads outputs, sensitive ones too", () => {
    const recorded = readFileSync(join(import.meta.dirname, "../../fixtures/terraform/outputs.json"), "utf8");
    expect(parseOutputs(recorded)).toEqual({ address: "10.0.0.0/16", secret: "hidden" });
    expect(parseOutputs("{}\n")).toEqual({});
  });

  it("reads the outputs of a state as it lies in its bucket, and none of one that was never applied", () => {
    const outputs = { address: { value: "10.0.0.0/16", type: "string" }, secret: { value: "x", sensitive: true } };
    expect(parseStateOutputs(JSON.stringify({ version: 4, outputs }))).toEqual({ address: "10.0.0.0/16", secret: "x" });
    expect(parseStateOutputs('{"version":4}')).toEqual({});
  });

  it("reads the version behind warnings about the CLI configuration", () => {
    const warning = "There are some problems with the CLI configuration:\n\nWarning: it does not exist.\n\n";
    const text = `${warning}Terraform v1.12.0-beta1\non linux_amd64\n+ provider registry.terraform.io/hashicorp/aws v6.25.0\n`;
    expect(parseVersion(text)).toEqual({ flavor: "terraform", version: "1.12.0-beta1" });
  });
});

describe("findTerraform", () => {
  const missing = new UserError("ToolNotFound", "not there");
  const version = { args: ["version"] };

  it("takes terraform from PATH", async () => {
    const exec = fakeExec([
      { command: { file: "terraform", ...version }, stdout: "Terraform v1.11.4\non linux_amd64\n" },
    ]);
    expect(await findTerraform(exec, {})).toEqual({ file: "terraform", version: "1.11.4", flavor: "terraform" });
    exec.expectAllCalled();
  });

  it("falls back to tofu", async () => {
    const exec = fakeExec([
      { command: { file: "terraform", ...version }, error: missing },
      { command: { file: "tofu", ...version }, stdout: "OpenTofu v1.12.6\n" },
    ]);
    expect(await findTerraform(exec, {})).toEqual({ file: "tofu", version: "1.12.6", flavor: "opentofu" });
  });

  it("asks only the one that HUBCTL_TERRAFORM names", async () => {
    const exec = fakeExec([{ command: { file: "/opt/tf", ...version }, stdout: "Terraform v1.9.8\n" }]);
    await expect(findTerraform(exec, { HUBCTL_TERRAFORM: "/opt/tf" })).rejects.toMatchObject({
      code: "TerraformTooOld",
      message: "/opt/tf 1.9.8 is older than 1.10",
    });
  });

  it("refuses another program", async () => {
    const exec = fakeExec([{ command: { file: "/opt/tf", ...version }, stdout: "Pulumi v3\n" }]);
    await expect(findTerraform(exec, { HUBCTL_TERRAFORM: "/opt/tf" })).rejects.toMatchObject({
      code: "TerraformUnknown",
      message: "/opt/tf is neither Terraform nor OpenTofu",
    });
  });

  it("says what to install when there is none", async () => {
    const exec = fakeExec([
      { command: { file: "terraform" }, error: missing },
      { command: { file: "tofu" }, error: missing },
    ]);
    await expect(findTerraform(exec, {})).rejects.toMatchObject({
      code: "ToolNotFound",
      exitCode: 2,
      hint: expect.stringContaining("1.10") as string,
    });
  });

  it("passes on any other failure", async () => {
    const exec = fakeExec([{ command: { file: "terraform" }, exitCode: 127, stderr: "broken" }]);
    await expect(findTerraform(exec, {})).rejects.toMatchObject({ code: "TerraformFailed" });
  });
});
