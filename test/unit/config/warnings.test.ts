import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configWarnings } from "../../../src/config/warnings.ts";
import { hubFolder, smallest } from "./hub-folder.ts";

const { read } = hubFolder();

/** Of the smallest hub with other settings; by default its admins are not alone. */
function warningsOf(settings: Record<string, unknown>): string[] {
  const file = { ...(parse(smallest) as object), auth: { admins: ["ada"], allowedUsers: ["grace"] }, ...settings };
  const { config, problems } = read(JSON.stringify(file));
  expect(problems).toEqual([]);
  return configWarnings(config!);
}

const onlyAdmins = /^Only admins can log in: JupyterHub lets nobody else in by default\. /;
const url = "https://login.example.org";
const oauth = { method: "generic-oauth", authorizeUrl: url, tokenUrl: url, userdataUrl: url, groupsClaim: "groups" };
const cilogon = (allowAll: boolean) => ({ method: "cilogon", identityProviders: [{ entityId: url, allowAll }] });
const ldap = { method: "ldap", server: "ldap.example.org", bindDnTemplates: ["uid={username},dc=example"] };

describe("warnings", () => {
  it("tell that reading across regions costs", () => {
    const buckets = [{ name: "near" }, { name: "far", region: "us-west-2" }];
    expect(warningsOf({ storage: { buckets } })).toEqual([expect.stringContaining("far is in us-west-2")]);
  });

  it("are none for a usual hub", () => {
    expect(warningsOf({})).toEqual([]);
    expect(warningsOf({ auth: { method: "shared-password", admins: ["ada"], allowAll: true } })).toEqual([]);
  });

  it.each([
    [{ method: "github" }, "auth.allowedUsers, auth.allowedOrganizations"],
    [{ method: "google", hostedDomains: ["example.org"] }, "auth.allowAll, auth.allowedUsers"],
    [cilogon(false), "auth.identityProviders[].allowAll"],
    [oauth, "auth.allowedGroups"],
    [ldap, "auth.allowedGroups"],
    [{ method: "shared-password" }, "auth.allowedUsers"],
  ])("say that only admins can log in with %j", (auth, setting) => {
    const warnings = warningsOf({ auth: { admins: ["ada"], ...auth } });
    expect(warnings).toEqual([expect.stringMatching(onlyAdmins)]);
    expect(warnings[0]).toContain(setting);
  });

  it.each([
    { method: "github", allowAddedUsers: true },
    { method: "gitlab", admins: ["ada"], allowedProjectIds: [7] },
    {
      method: "globus",
      identityProvider: "example.org",
      allowedGlobusGroups: ["11111111-2222-4333-8444-555555555555"],
    },
    { method: "google", hostedDomains: ["example.org"], allowAll: true },
    cilogon(true),
    { ...oauth, allowedGroups: ["astro"] },
    { ...ldap, allowAll: true },
  ])("say nothing if others can too: %j", (auth) => {
    expect(warningsOf({ auth: { admins: ["ada"], ...auth } })).toEqual([]);
  });

  it.each([
    [{ method: "github" }, "a GitHub account"],
    [{ method: "gitlab" }, "a GitLab account"],
    [{ method: "google", admins: ["ada@example.org"] }, "a Google account"],
  ])("say that the whole world may enter: %j", (auth, account) => {
    expect(warningsOf({ auth: { admins: ["ada"], allowAll: true, ...auth } })).toEqual([
      `Everybody with ${account} can log in and start servers`,
    ]);
  });

  it("say which lists have no effect", () => {
    expect(warningsOf({ auth: { ...ldap, admins: ["ada"], allowAll: true, allowedUsers: ["grace"] } })).toEqual([
      "Everybody can log in, so the lists of who may log in have no effect",
    ]);
  });

  it("say what is unsafe, changes by itself, costs more or is hard to reach", () => {
    const open = { ...ldap, admins: ["ada"], allowAll: true, tls: "none" };
    expect(warningsOf({ auth: open })).toEqual(["auth.tls is none: passwords cross the network in the clear"]);
    const globus = { method: "globus", admins: ["ada"], allowedUsers: ["grace"] };
    expect(warningsOf({ auth: globus })).toEqual([
      "Users of the same name at two institutions are one user in the hub: set auth.identityProvider",
    ]);
    expect(warningsOf({ network: { apiAccess: [] } })).toEqual([
      "network.apiAccess is empty: the Kubernetes API is reachable inside the VPC only, so run hubctl there",
    ]);
    expect(warningsOf({ cluster: { supportPolicy: "EXTENDED" } })).toEqual([
      "cluster.supportPolicy is EXTENDED: after standard support the control plane costs six times as much",
    ]);
  });

  it("say once which image changes by itself, unless it is frozen", () => {
    const image = { repository: "a/b", tag: "latest" };
    const expected = ["The image a/b:latest can change from one server start to the next; a fixed tag can't"];
    expect(warningsOf({ image, profiles: [{ name: "A", image }] })).toEqual(expected);
    expect(warningsOf({ image: { ...image, freeze: true } })).toEqual([]);
    expect(warningsOf({ image: { ...image, digest: `sha256:${"0".repeat(64)}` } })).toEqual([]);
  });
});
