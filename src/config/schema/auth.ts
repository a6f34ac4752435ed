import { z } from "zod";
import { domain, hostName, httpsUrl } from "../rules/network.ts";
import * as rules from "../rules/people.ts";
import type { Rule } from "../rules/rule.ts";
import { line, obeying, setOf, type Context } from "./fields.ts";

/** Who may enter, the same for all logins but for what a user's name looks like. */
function admission(name: Rule) {
  return {
    admins: setOf(name)
      .min(1)
      .describe("Names of those who administrate the hub. Who is removed from the list loses the right"),
    allowedUsers: setOf(name).default([]).describe("Names of those who may log in besides"),
    allowAll: z
      .boolean()
      .default(false)
      .describe("Everybody may log in who has an account there, or the shared password"),
    allowAddedUsers: z
      .boolean()
      .default(false)
      .describe("Users whom an admin adds on the hub's admin page may log in as well"),
  };
}

const usernameClaim = (claim: string) =>
  obeying(rules.claimName).default(claim).describe("The claim that is the user's name in the hub");

const github = z.strictObject({
  method: z.literal("github").optional().default("github"),
  ...admission(rules.githubName),
  allowedOrganizations: setOf(rules.githubOrganization)
    .default([])
    .describe("GitHub organisations whose members may log in, or `organisation:team-slug`"),
});

const gitlab = z.strictObject({
  method: z.literal("gitlab"),
  ...admission(rules.gitlabName),
  url: obeying(httpsUrl).default("https://gitlab.com").describe("Address of the GitLab"),
  allowedGroups: setOf(rules.gitlabGroup).default([]).describe("GitLab groups whose members may log in"),
  allowedProjectIds: z
    .array(z.int().min(1))
    .default([])
    .describe("Ids of GitLab projects whose members (developers and above) may log in"),
});

const google = z
  .strictObject({
    method: z.literal("google"),
    ...admission(rules.identity),
    hostedDomains: setOf(domain)
      .default([])
      .describe(
        "Only accounts of these Google Workspace domains; with `allowAll`, all of them. With exactly one, users are called what stands before the @",
      ),
  })
  .superRefine(checkGoogleNames);

const globus = z.strictObject({
  method: z.literal("globus"),
  ...admission(rules.identity),
  identityProvider: obeying(domain)
    .exactOptional()
    .describe("Only accounts of this identity provider, like `uchicago.edu`"),
  allowedGlobusGroups: setOf(rules.uuid).default([]).describe("Ids of Globus groups whose members may log in"),
});

const cilogon = z.strictObject({
  method: z.literal("cilogon"),
  ...admission(rules.identity),
  identityProviders: z
    .array(
      z.strictObject({
        entityId: obeying(httpsUrl).describe("Its entity id, as in <https://cilogon.org/idplist/>"),
        usernameClaim: usernameClaim("email"),
        stripDomain: obeying(domain).exactOptional().describe("Is cut off the user's name, together with the @"),
        allowAll: z.boolean().default(false).describe("Everybody may log in who has an account there"),
      }),
    )
    .min(1)
    .describe("Where users may come from"),
});

const auth0 = z.strictObject({
  method: z.literal("auth0"),
  ...admission(rules.identity),
  auth0Domain: obeying(domain).describe("The tenant's domain, like `my-lab.eu.auth0.com`"),
  usernameClaim: usernameClaim("email"),
});

const azuread = z.strictObject({
  method: z.literal("azuread"),
  ...admission(rules.identity),
  tenantId: obeying(rules.uuid).describe("Id of the directory (tenant)"),
  // The authenticator's own default is the display name, which anyone may share.
  usernameClaim: usernameClaim("unique_name"),
});

const genericOauth = z
  .strictObject({
    method: z.literal("generic-oauth"),
    ...admission(rules.identity),
    authorizeUrl: obeying(httpsUrl).describe("Where users are sent to log in (authorization endpoint)"),
    tokenUrl: obeying(httpsUrl).describe("The token endpoint"),
    userdataUrl: obeying(httpsUrl).describe("The userinfo endpoint"),
    usernameClaim: usernameClaim("preferred_username"),
    scope: setOf(rules.claimName).default(["openid", "profile", "email"]).describe("What is asked for"),
    loginService: line().default("your institution").describe("What the button says: Sign in with …"),
    groupsClaim: obeying(rules.claimName)
      .exactOptional()
      .describe("The claim that holds the user's groups; needed for the two lists"),
    allowedGroups: setOf(rules.identity).default([]).describe("Groups whose members may log in"),
    adminGroups: setOf(rules.identity).default([]).describe("Groups whose members administrate the hub"),
  })
  .superRefine(checkGroupsClaim);

const ldap = z.strictObject({
  method: z.literal("ldap"),
  ...admission(rules.hubUserName),
  server: obeying(hostName).describe("Name of the directory server, which must be reachable from the cluster"),
  port: z.int().min(1).max(65_535).exactOptional().describe("636 with `on-connect`, else 389"),
  tls: z
    .enum(["on-connect", "start-tls", "none"])
    .default("on-connect")
    .describe("How passwords are encrypted on their way; `none` sends them in the clear"),
  bindDnTemplates: z
    .array(obeying(rules.bindDnTemplate))
    .min(1)
    .describe("Where users are, like `uid={username},ou=people,dc=example,dc=org`"),
  allowedGroups: z
    .array(obeying(rules.distinguishedName))
    .default([])
    .describe("Distinguished names of groups whose members may log in"),
});

const sharedPassword = z.strictObject({
  method: z.literal("shared-password"),
  ...admission(rules.hubUserName),
});

export const authSchema = z
  .discriminatedUnion("method", [
    github,
    genericOauth,
    google,
    cilogon,
    globus,
    auth0,
    azuread,
    gitlab,
    ldap,
    sharedPassword,
  ])
  .describe("How users log in, and who may");

/** With one domain only, the authenticator cuts it off the address. */
function checkGoogleNames(
  auth: { admins: string[]; allowedUsers: string[]; hostedDomains: string[] },
  context: Context,
): void {
  const [only, ...others] = auth.hostedDomains;
  const isCut = only !== undefined && others.length === 0;
  for (const list of ["admins", "allowedUsers"] as const) {
    for (const [index, name] of auth[list].entries()) {
      const cut = name.includes("@") ? `"${name}" must be written without @${only ?? ""}, the only domain` : undefined;
      const message = isCut ? cut : rules.emailAddress(name);
      if (message !== undefined) context.addIssue({ code: "custom", path: [list, index], message });
    }
  }
}

function checkGroupsClaim(
  auth: { groupsClaim?: string; allowedGroups: string[]; adminGroups: string[] },
  context: Context,
): void {
  if (auth.groupsClaim !== undefined) return;
  for (const list of ["allowedGroups", "adminGroups"] as const) {
    if (auth[list].length === 0) continue;
    context.addIssue({ code: "custom", path: [list], message: "needs groupsClaim: where the groups of a user are" });
  }
}
