import { UserError } from "../errors.ts";
import type { ReleaseInputs } from "./inputs.ts";

type Settings = Record<string, Record<string, unknown>>;

/** The part of `hub.config` that decides who gets in, and the roles that decide who is an admin. */
interface Login {
  authenticatorClass: string;
  sections: Settings;
  loadRoles: Record<string, unknown>;
  /** Python that the hub runs as part of its configuration, by name. */
  extraConfig: Record<string, string>;
}

/**
 * The shared-password login looks for the name among the admins as it was typed, and only then turns it to lower case:
 * without this, "Ada" with the users' password would be logged in as the admin "ada".
 */
const adminsNeedAdminPassword = `\
def refuse_admin_without_admin_password(authenticator, handler, auth_model):
    if auth_model["name"] in authenticator.admin_users and not auth_model["admin"]:
        return None
    return auth_model

c.SharedPasswordAuthenticator.post_auth_hook = refuse_admin_without_admin_password
`;

export function hubLogin(inputs: ReleaseInputs): Login {
  const { auth } = inputs.config;
  const admins = sortNames(auth.admins);
  const method = auth.method === "github" ? githubLogin(inputs) : sharedPasswordLogin(inputs, admins);
  const extraConfig: Record<string, string> =
    auth.method === "shared-password" ? { "admins-need-admin-password": adminsNeedAdminPassword } : {};
  return {
    authenticatorClass: auth.method,
    extraConfig,
    sections: {
      Authenticator: {
        allow_all: auth.allowAll,
        // Admins are named here too: being in the admin role does not let anyone in.
        allowed_users: sortNames([...auth.allowedUsers, ...admins]),
        // Else everyone who was ever in the hub's database could go on logging in.
        allow_existing_users: false,
      },
      ...method,
    },
    // Leaving `Authenticator.admin_users` never takes the right away again. An explicit member list of the admin
    // role does: when the hub starts, members are made to match it exactly, and an empty list means no admins.
    // https://jupyterhub.readthedocs.io/en/5.5.0/reference/api/auth.html#jupyterhub.auth.Authenticator.admin_users
    loadRoles: { admin: { users: admins } },
  };
}

function githubLogin({ config, secrets }: ReleaseInputs): Settings {
  const allowedOrganizations = config.auth.method === "github" ? config.auth.allowedOrganizations : [];
  return {
    GitHubOAuthenticator: {
      client_id: required(secrets.clientId, "GitHub client id"),
      client_secret: required(secrets.clientSecret, "GitHub client secret"),
      oauth_callback_url: `https://${config.domain}/hub/oauth_callback`,
      allowed_organizations: sortNames(allowedOrganizations),
      // Membership that is not public can be read with this scope only.
      scope: allowedOrganizations.length > 0 ? ["read:org"] : [],
      enable_auth_state: true,
    },
  };
}

function sharedPasswordLogin({ secrets }: ReleaseInputs, admins: string[]): Settings {
  return {
    SharedPasswordAuthenticator: {
      user_password: required(secrets.userPassword, "password for users"),
      ...(admins.length > 0 ? { admin_password: required(secrets.adminPassword, "password for admins") } : {}),
      // This login compares with this very list: an admin who is not on it could log in with the users' password.
      // The member list of the admin role stays in force beside it.
      admin_users: admins,
    },
  };
}

function required(secret: string | undefined, what: string): string {
  if (secret === undefined || secret === "") {
    throw new UserError("MissingSecret", `The ${what} of the hub's login is not set.`);
  }
  return secret;
}

/** The order in which names are written must not make a new revision of the release. */
function sortNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
