import { describe, expect, test } from "vitest";
import type { Auth } from "../../../src/config/hub-config.ts";
import { UserError } from "../../../src/errors.ts";
import { hub } from "../../../src/releases/hub.ts";
import type { ReleaseInputs } from "../../../src/releases/inputs.ts";
import { releaseInputs } from "../../helpers/release-inputs.ts";

interface HubValues {
  config: Record<string, Record<string, unknown>>;
  loadRoles: unknown;
  extraConfig: Record<string, string>;
}

type Method<Name extends Auth["method"]> = Extract<Auth, { method: Name }>;
type Own<Name extends Auth["method"]> = Name extends Name ? Omit<Method<Name>, keyof typeof admission> : never;

const admission = { admins: ["grace", "ada"], allowedUsers: ["linus", "ada"], allowAll: false, allowAddedUsers: false };
const oauthSecrets = { clientId: "an id", clientSecret: "a secret" };
const passwords = { userPassword: "eight or more", adminPassword: "thirty-two characters or even more" };

const hubOf = (inputs: ReleaseInputs) => (hub.values(inputs) as { hub: HubValues }).hub;

/** Inputs of a hub with this login; `changes` are to what all logins have in common. */
function withLogin(own: Own<Auth["method"]>, changes: Partial<typeof admission> = {}) {
  const secrets = own.method === "shared-password" ? passwords : own.method === "ldap" ? {} : oauthSecrets;
  return releaseInputs({ config: { auth: { ...admission, ...own, ...changes } }, secrets });
}

const github: Own<"github"> = { method: "github", allowedOrganizations: [] };
const generic: Own<"generic-oauth"> = {
  method: "generic-oauth",
  authorizeUrl: "https://login.example.edu/authorize",
  tokenUrl: "https://login.example.edu/token",
  userdataUrl: "https://login.example.edu/userinfo",
  usernameClaim: "preferred_username",
  scope: ["openid", "profile"],
  loginService: "Example University",
  allowedGroups: [],
  adminGroups: [],
};
const ldap: Own<"ldap"> = {
  method: "ldap",
  server: "ldap.example.edu",
  tls: "on-connect",
  bindDnTemplates: ["uid={username},ou=people,dc=example,dc=edu"],
  allowedGroups: ["cn=staff,dc=example,dc=edu"],
};
const client = {
  client_id: "an id",
  client_secret: "a secret",
  oauth_callback_url: "https://hub.example.org/hub/oauth_callback",
};

describe("every login", () => {
  test("lets in whom the configuration names, and knows the hub's public address and secrets", () => {
    const { config } = hubOf(withLogin(github));
    expect(config["JupyterHub"]).toEqual({
      authenticator_class: "github",
      public_url: "https://hub.example.org/",
      cookie_secret: "a".repeat(64),
    });
    expect(config["CryptKeeper"]).toEqual({ keys: ["b".repeat(64)] });
    expect(config["ConfigurableHTTPProxy"]).toEqual({ auth_token: "c".repeat(64) });
    expect(config["Authenticator"]).toEqual({
      allow_all: false,
      allowed_users: ["ada", "grace", "linus"],
      allow_existing_users: false,
    });
  });

  test("lets in everyone, or those whom an admin adds, only if that is wanted", () => {
    const { config } = hubOf(withLogin(github, { allowAll: true, allowAddedUsers: true }));
    expect(config["Authenticator"]).toMatchObject({ allow_all: true, allow_existing_users: true });
  });

  test("makes exactly the admins members of the admin role, so that who leaves the list loses the right", () => {
    expect(hubOf(withLogin(github)).loadRoles).toEqual({ admin: { users: ["ada", "grace"] } });
    expect(hubOf(withLogin(github, { admins: [] })).loadRoles).toEqual({ admin: { users: [] } });
    expect(JSON.stringify(hubOf(withLogin(github)).config)).not.toContain("admin_users");
  });

  test("is the same whatever the order and repetition of names", () => {
    const one = withLogin(github, { admins: ["b", "a"], allowedUsers: ["d", "c", "d"] });
    const other = withLogin(github, { admins: ["a", "b", "a"], allowedUsers: ["c", "d"] });
    expect(hub.values(one)).toEqual(hub.values(other));
  });

  test.each<[string, Own<Auth["method"]>, string, Record<string, unknown>]>([
    [
      "GitHub",
      { method: "github", allowedOrganizations: ["archive:staff", "archive"] },
      "GitHubOAuthenticator",
      { allowed_organizations: ["archive", "archive:staff"], scope: ["read:org"], enable_auth_state: true },
    ],
    [
      "GitHub without organisations",
      github,
      "GitHubOAuthenticator",
      { allowed_organizations: [], scope: [], enable_auth_state: true },
    ],
    [
      "GitLab",
      { method: "gitlab", url: "https://gitlab.example.edu/", allowedGroups: ["b", "a"], allowedProjectIds: [20, 3] },
      "GitLabOAuthenticator",
      {
        gitlab_url: "https://gitlab.example.edu",
        allowed_gitlab_groups: ["a", "b"],
        allowed_project_ids: [3, 20],
        scope: ["read_api"],
      },
    ],
    [
      "GitLab without groups",
      { method: "gitlab", url: "https://gitlab.com", allowedGroups: [], allowedProjectIds: [] },
      "GitLabOAuthenticator",
      {
        gitlab_url: "https://gitlab.com",
        allowed_gitlab_groups: [],
        allowed_project_ids: [],
        scope: ["read_user"],
      },
    ],
    [
      "Google",
      { method: "google", hostedDomains: ["example.org", "example.edu"] },
      "GoogleOAuthenticator",
      { hosted_domain: ["example.edu", "example.org"] },
    ],
    [
      "Globus",
      { method: "globus", identityProvider: "example.edu", allowedGlobusGroups: ["uuid"] },
      "GlobusOAuthenticator",
      {
        identity_provider: "example.edu",
        allowed_globus_groups: ["uuid"],
        scope: ["openid", "profile", "urn:globus:auth:scope:groups.api.globus.org:view_my_groups_and_memberships"],
      },
    ],
    [
      "Globus without groups",
      { method: "globus", allowedGlobusGroups: [] },
      "GlobusOAuthenticator",
      { allowed_globus_groups: [], scope: ["openid", "profile"] },
    ],
    [
      "CILogon",
      {
        method: "cilogon",
        identityProviders: [
          {
            entityId: "https://idp.example.edu/shibboleth",
            usernameClaim: "eppn",
            stripDomain: "example.edu",
            allowAll: true,
          },
          {
            entityId: "https://github.com/login/oauth/authorize",
            usernameClaim: "preferred_username",
            allowAll: false,
          },
        ],
      },
      "CILogonOAuthenticator",
      {
        idps: {
          "https://idp.example.edu/shibboleth": {
            username_derivation: { username_claim: "eppn", action: "strip_idp_domain", domain: "example.edu" },
            allow_all: true,
          },
          "https://github.com/login/oauth/authorize": {
            username_derivation: { username_claim: "preferred_username" },
            allow_all: false,
          },
        },
      },
    ],
    [
      "Auth0",
      { method: "auth0", auth0Domain: "example.eu.auth0.com", usernameClaim: "email" },
      "Auth0OAuthenticator",
      { auth0_domain: "example.eu.auth0.com", username_claim: "email", scope: ["openid", "profile", "email"] },
    ],
    [
      "Azure AD",
      { method: "azuread", tenantId: "a-tenant", usernameClaim: "upn" },
      "AzureAdOAuthenticator",
      { tenant_id: "a-tenant", username_claim: "upn", scope: ["openid", "profile", "email"] },
    ],
    [
      "any other OAuth provider",
      generic,
      "GenericOAuthenticator",
      {
        authorize_url: "https://login.example.edu/authorize",
        token_url: "https://login.example.edu/token",
        userdata_url: "https://login.example.edu/userinfo",
        username_claim: "preferred_username",
        scope: ["openid", "profile"],
        login_service: "Example University",
      },
    ],
  ])("%s has its class, its settings and the hub's client", (_, own, section, settings) => {
    const { config } = hubOf(withLogin(own));
    expect(config["JupyterHub"]).toMatchObject({ authenticator_class: own.method });
    expect(config[section]).toEqual({ ...client, ...settings });
    expect(Object.keys(config).filter((name) => name.endsWith("Authenticator"))).toEqual(["Authenticator", section]);
  });
});

describe("groups of an OAuth provider", () => {
  test("let users in once the hub manages groups", () => {
    const { config, loadRoles } = hubOf(withLogin({ ...generic, groupsClaim: "groups", allowedGroups: ["b", "a"] }));
    expect(config["GenericOAuthenticator"]).toMatchObject({
      manage_groups: true,
      auth_state_groups_key: "oauth_user.groups",
      allowed_groups: ["a", "b"],
    });
    expect(config["GenericOAuthenticator"]).not.toHaveProperty("admin_groups");
    expect(loadRoles).toEqual({ admin: { users: ["ada", "grace"] } });
  });

  test("make admins that stay so when the hub restarts, beside the admins by name", () => {
    const { config, loadRoles } = hubOf(withLogin({ ...generic, groupsClaim: "groups", adminGroups: ["operators"] }));
    expect(config["GenericOAuthenticator"]).toMatchObject({
      admin_groups: ["operators"],
      admin_users: ["ada", "grace"],
    });
    expect(loadRoles).toEqual({ admin: { users: ["ada", "grace"], groups: ["operators"] } });
  });
});

describe("LDAP", () => {
  test("checks the server's certificate, and asks its groups", () => {
    const { config } = hubOf(withLogin(ldap));
    expect(config["JupyterHub"]).toMatchObject({ authenticator_class: "ldap" });
    expect(config["LDAPAuthenticator"]).toEqual({
      server_address: "ldap.example.edu",
      tls_strategy: "on_connect",
      tls_kwargs: { validate: 2 },
      bind_dn_template: ["uid={username},ou=people,dc=example,dc=edu"],
      allowed_groups: ["cn=staff,dc=example,dc=edu"],
    });
  });

  test.each([
    ["start-tls", { tls_strategy: "before_bind", tls_kwargs: { validate: 2 } }],
    ["none", { tls_strategy: "insecure" }],
  ] as const)("with TLS %s is asked so", (tls, settings) => {
    const { config } = hubOf(withLogin({ ...ldap, tls, port: 1389 }));
    expect(config["LDAPAuthenticator"]).toMatchObject({ ...settings, server_port: 1389 });
    if (tls === "none") expect(config["LDAPAuthenticator"]).not.toHaveProperty("tls_kwargs");
  });
});

describe("shared passwords", () => {
  const shared: Own<"shared-password"> = { method: "shared-password" };

  test("an admin can't log in with the users' password", () => {
    const { config, loadRoles } = hubOf(withLogin(shared));
    expect(config["JupyterHub"]).toMatchObject({ authenticator_class: "shared-password" });
    expect(config["SharedPasswordAuthenticator"]).toEqual({
      user_password: passwords.userPassword,
      admin_password: passwords.adminPassword,
      admin_users: ["ada", "grace"],
    });
    expect(loadRoles).toEqual({ admin: { users: ["ada", "grace"] } });
  });

  test("the hub's configuration closes the way round by upper case, and only then", () => {
    expect(Object.keys(hubOf(withLogin(shared)).extraConfig)).toEqual(["z-hubctl-admins-need-admin-password"]);
    expect(hubOf(withLogin(github)).extraConfig).toEqual({});
  });

  test("without admins no password for admins is needed or passed on", () => {
    const inputs = { ...withLogin(shared, { admins: [] }), secrets: { userPassword: passwords.userPassword } };
    expect(hubOf(inputs).config["SharedPasswordAuthenticator"]).toEqual({
      user_password: passwords.userPassword,
      admin_users: [],
    });
  });
});

test.each([
  ["OAuth client id", { ...withLogin(github), secrets: { clientSecret: "x" } }],
  ["OAuth client secret", { ...withLogin(generic), secrets: { clientId: "x", clientSecret: "" } }],
  [
    "password for users",
    { ...withLogin({ method: "shared-password" }), secrets: { adminPassword: passwords.adminPassword } },
  ],
  [
    "password for admins",
    { ...withLogin({ method: "shared-password" }), secrets: { userPassword: passwords.userPassword } },
  ],
])("a missing %s is an error, not an empty value", (what, inputs) => {
  expect(() => hub.values(inputs)).toThrow(UserError);
  expect(() => hub.values(inputs)).toThrow(what);
});
