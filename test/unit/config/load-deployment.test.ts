import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDeployment } from "../../../src/config/load-deployment.ts";
import { UserError } from "../../../src/errors.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hubctl-test-"));
  mkdirSync(join(root, "deployments/field"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function load(source: string, env: NodeJS.ProcessEnv) {
  writeFileSync(join(root, "deployments/field/hub.yaml"), source);
  const runTerraform = () => Promise.reject(new Error("a hub.yaml needs no Terraform"));
  return loadDeployment({ cwd: root, env, runTerraform });
}

const source = `aws: {region: us-east-2}
domain: hub.example.org
certificate: arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-4333-8444-555555555555
auth: {method: shared-password, admins: [ada], allowAll: true}
image: {repository: quay.io/jupyter/scipy-notebook, tag: "2026-11-03"}
`;

describe("loading a deployment", () => {
  it("gives its files, its configuration and its secrets", async () => {
    const env = { HUBCTL_USER_PASSWORD: "a".repeat(12), HUBCTL_ADMIN_PASSWORD: "b".repeat(40) };
    const { deployment, config, secrets, warnings } = await load(source, env);
    expect(deployment.name).toBe("field");
    expect(config.auth.method).toBe("shared-password");
    expect(secrets).toEqual({ userPassword: "a".repeat(12), adminPassword: "b".repeat(40) });
    expect(warnings).toEqual([]);
  });

  it("lists the problems of the file and of the environment in one error", async () => {
    const failure = load(source.replace("hub.example.org", "hub"), { HUBCTL_USER_PASSWORD: "short" });
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toMatchObject({
      code: "ConfigInvalid",
      message: `The configuration of field has 3 problems:
  deployments/field/hub.yaml:2:9: domain "hub" is not a domain name like hub.example.org
  HUBCTL_USER_PASSWORD has 5 characters; at least 8 are needed
  HUBCTL_ADMIN_PASSWORD is not set: the password that admins share (at least 32 characters)`,
    });
  });

  it("does not ask for secrets as long as the login method is unknown", async () => {
    await expect(load(source.replace("shared-password", "dummy"), {})).rejects.toMatchObject({
      message: `The configuration of field has a problem:
  deployments/field/hub.yaml:4:16: auth.method must be github, generic-oauth, google, cilogon, globus, auth0, azuread, gitlab, ldap or shared-password, not "dummy"`,
    });
  });

  it.each([
    [
      "auth: {admins: [ada]}",
      [
        "Only admins can log in: JupyterHub lets nobody else in by default. Who may is said by auth.allowAll, auth.allowedUsers, auth.allowedOrganizations",
      ],
    ],
    ["auth: {admins: [ada], allowedUsers: [grace]}", []],
    [
      "auth: {admins: [ada], allowAll: true, allowedOrganizations: [jupyter]}",
      [
        "Everybody can log in, so the lists of who may log in have no effect",
        "Everybody with a GitHub account can log in and start servers",
      ],
    ],
  ])("warns of what is hardly meant: %s", async (auth, expected) => {
    const env = { HUBCTL_GITHUB_CLIENT_ID: "id", HUBCTL_GITHUB_CLIENT_SECRET: "secret" };
    expect((await load(source.replace(/^auth: .*$/m, auth), env)).warnings).toEqual(expected);
  });
});
