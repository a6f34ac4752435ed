import { describe, expect, it } from "vitest";
import { formatProblem } from "../../../src/config/problem.ts";
import { readSecrets, secretValues } from "../../../src/config/secrets.ts";

const password = "a".repeat(8);
const adminPassword = "b".repeat(32);

const problemsOf = (...args: Parameters<typeof readSecrets>) => readSecrets(...args).problems.map(formatProblem);

describe("secrets", () => {
  it("of the GitHub login come from either pair of variables", () => {
    const dandi = { TF_VAR_github_client_id: "id-1", TF_VAR_github_client_secret: "secret-1" };
    const own = { HUBCTL_GITHUB_CLIENT_ID: "id-2", HUBCTL_GITHUB_CLIENT_SECRET: "secret-2" };
    const first = { clientId: "id-1", clientSecret: "secret-1" };
    const second = { clientId: "id-2", clientSecret: "secret-2" };
    expect(readSecrets("github", "hub.yaml", dandi)).toEqual({ secrets: first, problems: [] });
    expect(readSecrets("github", "hub.yaml", { ...dandi, ...own }).secrets).toEqual(second);
    expect(readSecrets("github", "tfvars", { ...dandi, ...own }).secrets).toEqual(first);
    expect(readSecrets("github", "tfvars", dandi, { clientId: "id-3" }).secrets.clientId).toBe("id-3");
  });

  it("of other OAuth logins have variables of their own, which GitHub knows too", () => {
    const env = { HUBCTL_OAUTH_CLIENT_ID: "id-1", HUBCTL_OAUTH_CLIENT_SECRET: "secret-1" };
    const secrets = { clientId: "id-1", clientSecret: "secret-1" };
    for (const method of ["generic-oauth", "google", "cilogon", "globus", "auth0", "azuread", "gitlab"] as const) {
      expect(readSecrets(method, "hub.yaml", env)).toEqual({ secrets, problems: [] });
      expect(problemsOf(method, "hub.yaml", { HUBCTL_GITHUB_CLIENT_ID: "id-2" })).toEqual([
        "HUBCTL_OAUTH_CLIENT_ID is not set: the client id of the application that the hub is registered as",
        "HUBCTL_OAUTH_CLIENT_SECRET is not set: the client secret of the application that the hub is registered as",
      ]);
    }
    expect(readSecrets("github", "hub.yaml", env).secrets).toEqual(secrets);
  });

  it("are none with a directory, which needs no password of its own", () => {
    expect(readSecrets("ldap", "hub.yaml", {})).toEqual({ secrets: {}, problems: [] });
  });

  it("that are missing are named as the form at hand names them", () => {
    expect(problemsOf("github", "tfvars", { TF_VAR_github_client_id: "" })).toEqual([
      "TF_VAR_github_client_id or HUBCTL_GITHUB_CLIENT_ID or HUBCTL_OAUTH_CLIENT_ID is not set: the client id of the hub's GitHub OAuth app",
      "TF_VAR_github_client_secret or HUBCTL_GITHUB_CLIENT_SECRET or HUBCTL_OAUTH_CLIENT_SECRET is not set: the client secret of the hub's GitHub OAuth app",
    ]);
    expect(problemsOf("shared-password", "hub.yaml", {})).toEqual([
      "HUBCTL_USER_PASSWORD is not set: the password that all users share (at least 8 characters)",
      "HUBCTL_ADMIN_PASSWORD is not set: the password that admins share (at least 32 characters)",
    ]);
  });

  it("are judged without being quoted", () => {
    const env = { HUBCTL_USER_PASSWORD: "short", HUBCTL_ADMIN_PASSWORD: "also short" };
    expect(problemsOf("shared-password", "hub.yaml", env)).toEqual([
      "HUBCTL_USER_PASSWORD has 5 characters; at least 8 are needed",
      "HUBCTL_ADMIN_PASSWORD has 10 characters; at least 32 are needed",
    ]);
    const same = { HUBCTL_USER_PASSWORD: adminPassword, HUBCTL_ADMIN_PASSWORD: adminPassword };
    expect(problemsOf("shared-password", "hub.yaml", same)).toEqual([
      "HUBCTL_ADMIN_PASSWORD must differ from HUBCTL_USER_PASSWORD",
    ]);
    const pasted = { HUBCTL_GITHUB_CLIENT_ID: "id\n", HUBCTL_GITHUB_CLIENT_SECRET: "a\u0007b" };
    expect(problemsOf("github", "hub.yaml", pasted)).toEqual([
      "HUBCTL_GITHUB_CLIENT_ID starts or ends with white space",
      "HUBCTL_GITHUB_CLIENT_SECRET holds a line break or another control character",
    ]);
  });

  it("are listed for redaction, the longest first, without what the login method does not use", () => {
    const env = { HUBCTL_USER_PASSWORD: password, HUBCTL_ADMIN_PASSWORD: adminPassword, HUBCTL_GITHUB_CLIENT_ID: "x" };
    const { secrets, problems } = readSecrets("shared-password", "hub.yaml", env);
    expect(problems).toEqual([]);
    expect(secretValues(secrets)).toEqual([adminPassword, password]);
  });
});
