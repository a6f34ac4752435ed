import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeBadName, findDeployment, listDeployments } from "../../../src/config/deployment.ts";
import { UserError } from "../../../src/errors.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hubctl-test-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(...files: string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), "");
  }
}

function failure(choice: { cwd?: string; deployment?: string; env?: NodeJS.ProcessEnv } = {}) {
  try {
    findDeployment({ cwd: root, env: {}, ...choice });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { code, message, hint } = error as UserError;
    return { code, message: message.replaceAll(root, "ROOT"), hint };
  }
  throw new Error("a deployment was found");
}

describe("finding a deployment", () => {
  it("takes the only one there is, from any folder below the config root", () => {
    write("deployments/field/hub.yaml");
    const cwd = join(root, "deployments/field/values");
    mkdirSync(cwd);
    expect(findDeployment({ cwd, env: {} })).toEqual({
      name: "field",
      root,
      form: "hub.yaml",
      configFile: join(root, "deployments/field/hub.yaml"),
      lockFile: join(root, "deployments/field/hub.lock.yaml"),
      workDir: join(root, ".hubctl/field"),
    });
  });

  it("knows the Dandihub form by its variables file", () => {
    write("dandihub.tfvars", "terraform.tfvars", "more.auto.tfvars");
    expect(findDeployment({ cwd: root, env: {} })).toEqual({
      name: "dandihub",
      root,
      form: "tfvars",
      configFile: join(root, "dandihub.tfvars"),
      lockFile: join(root, "dandihub.hub.lock.yaml"),
      workDir: join(root, ".hubctl/dandihub"),
    });
  });

  it("prefers the option to the environment", () => {
    write("deployments/one/hub.yaml", "two.tfvars", "deployments/three/hub.yaml");
    const env = { HUB_DEPLOYMENT_NAME: "two" };
    expect(findDeployment({ cwd: root, env }).name).toBe("two");
    expect(findDeployment({ cwd: root, env, deployment: "one" }).name).toBe("one");
    expect(listDeployments(root)?.deployments.map(({ name }) => name)).toEqual(["one", "three", "two"]);
  });

  it("asks for a choice between several; an empty variable is none", () => {
    write("deployments/one/hub.yaml", "two.tfvars");
    expect(failure({ env: { HUB_DEPLOYMENT_NAME: "" } })).toEqual({
      code: "DeploymentNotChosen",
      message: "There are several deployments in ROOT: one, two",
      hint: "choose one: --deployment one",
    });
  });

  it("says which there are if the wanted one is not there", () => {
    write("deployments/field/hub.yaml", "two.tfvars");
    expect(failure({ deployment: "feild" })).toEqual({
      code: "DeploymentNotFound",
      message: 'There is no deployment "feild" (--deployment) in ROOT, only field, two',
      hint: "did you mean --deployment field?",
    });
  });

  it("says where it looked if there is none at all", () => {
    expect(failure({ env: { HUB_DEPLOYMENT_NAME: "dandihub" } })).toEqual({
      code: "DeploymentNotFound",
      message: "There is no deployment in ROOT or a folder above it",
      hint: "go to the folder that holds deployments/ or dandihub.tfvars, or write deployments/dandihub/hub.yaml here",
    });
  });

  it("refuses one name in two forms", () => {
    write("deployments/dandi/hub.yaml", "dandi.tfvars");
    expect(failure()).toEqual({
      code: "DeploymentInTwoForms",
      message: 'The deployment "dandi" is there twice: ROOT/deployments/dandi/hub.yaml and ROOT/dandi.tfvars',
      hint: "keep one of the two files",
    });
  });

  it("refuses names that do not fit AWS, wherever they come from", () => {
    expect(failure({ deployment: "../x" }).message).toBe(
      'The deployment\'s name (--deployment) "../x" must start with a lower-case letter',
    );
    write("DANDI.tfvars");
    expect(failure().message).toBe(
      'The deployment\'s name, which ROOT/DANDI.tfvars gives it, "DANDI" must start with a lower-case letter',
    );
  });

  it.each([
    ["dandihub", undefined],
    ["a", undefined],
    ["hub-2026", undefined],
    ["a".repeat(32), undefined],
    ["", "must not be empty"],
    ["2026", '"2026" must start with a lower-case letter'],
    ["my_hub", '"my_hub" may hold lower-case letters, digits and hyphens only'],
    ["hub-", '"hub-" must not end with a hyphen or hold two in a row'],
    ["a--b", '"a--b" must not end with a hyphen or hold two in a row'],
    [
      "a".repeat(33),
      `"${"a".repeat(33)}" has 33 characters; at most 32 fit, as AWS names are built from it (an IAM role's ends at 64)`,
    ],
  ])("judges the name %j", (name, expected) => {
    expect(describeBadName(name)).toBe(expected);
  });
});
