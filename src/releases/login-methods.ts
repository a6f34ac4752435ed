import type { Auth, CILogonProvider } from "../config/hub-config.ts";
import { UserError } from "../errors.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { sortNames } from "./sort-names.ts";

type AuthOf<Method extends Auth["method"]> = Extract<Auth, { method: Method }>;

/** What one way to log in adds to what all have in common. */
interface LoginMethod {
  /** The authenticator's class, whose settings these are. */
  section: string;
  settings: Record<string, unknown>;
  /** Groups of the identity provider whose members are admins. */
  adminGroups: string[];
  python?: string;
}

/**
 * The names are those of oauthenticator 17.4, ldapauthenticator 2.0 and JupyterHub 5.5:
 * https://oauthenticator.readthedocs.io/en/17.4.0/reference/api/index.html
 * https://github.com/jupyterhub/ldapauthenticator/blob/2.0.2/README.md
 */
export function loginMethod(inputs: ReleaseInputs, admins: string[]): LoginMethod {
  const { auth } = inputs.config;
  const oauth = (section: string, settings: Record<string, unknown>): LoginMethod => ({
    section,
    settings: { ...oauthClient(inputs), ...settings },
    adminGroups: [],
  });
  switch (auth.method) {
    case "github":
      return oauth("GitHubOAuthenticator", githubSettings(auth));
    case "gitlab":
      return oauth("GitLabOAuthenticator", gitlabSettings(auth));
    case "google":
      // These only keep others out: who gets in still has to be named, or everyone allowed.
      return oauth("GoogleOAuthenticator", { hosted_domain: sortNames(auth.hostedDomains) });
    case "globus":
      return oauth("GlobusOAuthenticator", globusSettings(auth));
    case "cilogon":
      return oauth("CILogonOAuthenticator", {
        idps: Object.fromEntries(
          auth.identityProviders.map((provider) => [provider.entityId, cilogonProvider(provider)]),
        ),
      });
    case "auth0":
      return oauth("Auth0OAuthenticator", {
        auth0_domain: auth.auth0Domain,
        username_claim: auth.usernameClaim,
        // It refuses users whose address it can't see to be verified.
        scope: ["openid", "profile", "email"],
      });
    case "azuread":
      return oauth("AzureAdOAuthenticator", {
        tenant_id: auth.tenantId,
        username_claim: auth.usernameClaim,
        scope: ["openid", "profile", "email"],
      });
    case "generic-oauth": {
      const adminGroups = sortNames(auth.adminGroups);
      return { ...oauth("GenericOAuthenticator", genericSettings(auth, adminGroups, admins)), adminGroups };
    }
    case "ldap":
      return { section: "LDAPAuthenticator", settings: ldapSettings(auth), adminGroups: [] };
    case "shared-password":
      return {
        section: "SharedPasswordAuthenticator",
        settings: sharedPasswordSettings(inputs, admins),
        adminGroups: [],
        python: adminsNeedAdminPassword,
      };
  }
}

function oauthClient({ config, secrets }: ReleaseInputs): Record<string, unknown> {
  return {
    client_id: required(secrets.clientId, "OAuth client id"),
    client_secret: required(secrets.clientSecret, "OAuth client secret"),
    oauth_callback_url: `https://${config.domain}/hub/oauth_callback`,
  };
}

function githubSettings({ allowedOrganizations }: AuthOf<"github">): Record<string, unknown> {
  return {
    allowed_organizations: sortNames(allowedOrganizations),
    // Membership that is not public can be read with this scope only.
    scope: allowedOrganizations.length > 0 ? ["read:org"] : [],
    enable_auth_state: true,
  };
}

function gitlabSettings({ url, allowedGroups, allowedProjectIds }: AuthOf<"gitlab">): Record<string, unknown> {
  const asksForMembership = allowedGroups.length + allowedProjectIds.length > 0;
  return {
    gitlab_url: url.replace(/\/+$/, ""),
    allowed_gitlab_groups: sortNames(allowedGroups),
    allowed_project_ids: [...new Set(allowedProjectIds)].sort((a, b) => a - b),
    // https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications
    scope: [asksForMembership ? "read_api" : "read_user"],
  };
}

function globusSettings({ identityProvider, allowedGlobusGroups }: AuthOf<"globus">): Record<string, unknown> {
  const groups = sortNames(allowedGlobusGroups);
  const groupScope = "urn:globus:auth:scope:groups.api.globus.org:view_my_groups_and_memberships";
  return {
    ...(identityProvider === undefined ? {} : { identity_provider: identityProvider }),
    allowed_globus_groups: groups,
    // The default also asks for the right to move the user's data.
    scope: ["openid", "profile", ...(groups.length > 0 ? [groupScope] : [])],
  };
}

function cilogonProvider({ usernameClaim, stripDomain, allowAll }: CILogonProvider): Record<string, unknown> {
  const strip = stripDomain === undefined ? {} : { action: "strip_idp_domain", domain: stripDomain };
  return { username_derivation: { username_claim: usernameClaim, ...strip }, allow_all: allowAll };
}

function genericSettings(
  auth: AuthOf<"generic-oauth">,
  adminGroups: string[],
  admins: string[],
): Record<string, unknown> {
  return {
    authorize_url: auth.authorizeUrl,
    token_url: auth.tokenUrl,
    userdata_url: auth.userdataUrl,
    username_claim: auth.usernameClaim,
    scope: [...auth.scope],
    login_service: auth.loginService,
    ...(auth.groupsClaim === undefined
      ? {}
      : {
          // The settings below are refused without it.
          manage_groups: true,
          auth_state_groups_key: `oauth_user.${auth.groupsClaim}`,
          allowed_groups: sortNames(auth.allowedGroups),
        }),
    // With groups of admins, whoever is in none of them and not on this list loses the right when they log in.
    ...(adminGroups.length > 0 ? { admin_groups: adminGroups, admin_users: admins } : {}),
  };
}

const tlsStrategies = { "on-connect": "on_connect", "start-tls": "before_bind", none: "insecure" } as const;

/** Python's ssl.CERT_REQUIRED. */
const certificateRequired = 2;

function ldapSettings(auth: AuthOf<"ldap">): Record<string, unknown> {
  return {
    server_address: auth.server,
    ...(auth.port === undefined ? {} : { server_port: auth.port }),
    tls_strategy: tlsStrategies[auth.tls],
    // Without this the server's certificate is not looked at, and anyone between could read the passwords.
    ...(auth.tls === "none" ? {} : { tls_kwargs: { validate: certificateRequired } }),
    bind_dn_template: [...auth.bindDnTemplates],
    allowed_groups: sortNames(auth.allowedGroups),
  };
}

function sharedPasswordSettings({ secrets }: ReleaseInputs, admins: string[]): Record<string, unknown> {
  return {
    user_password: required(secrets.userPassword, "password for users"),
    ...(admins.length > 0 ? { admin_password: required(secrets.adminPassword, "password for admins") } : {}),
    // This login compares with this very list: an admin who is not on it could log in with the users' password.
    // The member list of the admin role stays in force beside it.
    admin_users: admins,
  };
}

/**
 * The shared-password login looks for the name among the admins as it was typed, and only then turns it to lower case:
 * without this, "Ada" with the users' password would be logged in as the admin "ada".
 */
const adminsNeedAdminPassword = `\
import inspect

_hubctl_other_post_auth_hook = (
    c.SharedPasswordAuthenticator.get("post_auth_hook") or c.Authenticator.get("post_auth_hook")
)

async def _hubctl_refuse_admin_without_admin_password(authenticator, handler, auth_model):
    if auth_model["name"] in authenticator.admin_users and not auth_model["admin"]:
        return None
    if _hubctl_other_post_auth_hook is None:
        return auth_model
    answer = _hubctl_other_post_auth_hook(authenticator, handler, auth_model)
    return await answer if inspect.isawaitable(answer) else answer

c.SharedPasswordAuthenticator.post_auth_hook = _hubctl_refuse_admin_without_admin_password
`;

function required(secret: string | undefined, what: string): string {
  if (secret === undefined || secret === "") {
    throw new UserError("MissingSecret", `The ${what} of the hub's login is not set.`);
  }
  return secret;
}
