import type { ReleaseInputs } from "./inputs.ts";
import { loginMethod } from "./login-methods.ts";
import { sortNames } from "./sort-names.ts";

/** The part of `hub.config` that decides who gets in, and the roles that decide who is an admin. */
interface Login {
  authenticatorClass: string;
  sections: Record<string, Record<string, unknown>>;
  loadRoles: Record<string, unknown>;
  /** Python that the hub runs as part of its configuration. */
  python?: string;
}

export function hubLogin(inputs: ReleaseInputs): Login {
  const { auth } = inputs.config;
  const admins = sortNames(auth.admins);
  const method = loginMethod(inputs, admins);
  return {
    authenticatorClass: auth.method,
    ...(method.python === undefined ? {} : { python: method.python }),
    sections: {
      Authenticator: {
        allow_all: auth.allowAll,
        // Admins are named here too: being in the admin role does not let anyone in.
        allowed_users: sortNames([...auth.allowedUsers, ...admins]),
        // With it everyone who was ever in the hub's database can go on logging in, until an admin deletes them there.
        allow_existing_users: auth.allowAddedUsers,
      },
      [method.section]: method.settings,
    },
    // Leaving `Authenticator.admin_users` never takes the right away again. An explicit member list of the admin
    // role does: when the hub starts, members are made to match it exactly, and an empty list means no admins.
    // https://jupyterhub.readthedocs.io/en/5.5.0/reference/api/auth.html#jupyterhub.auth.Authenticator.admin_users
    loadRoles: {
      admin: { users: admins, ...(method.adminGroups.length > 0 ? { groups: method.adminGroups } : {}) },
    },
  };
}
