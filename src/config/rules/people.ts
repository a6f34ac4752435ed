import type { Rule } from "./rule.ts";

/** Members of enterprises that manage their accounts have one underscore in their names. */
export const githubName: Rule = (text) =>
  text.length <= 39 && /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?$/.test(text)
    ? undefined
    : `"${text}" is not a GitHub user name (without @, letters, digits and single hyphens, at most 39)`;

export const hubUserName: Rule = (text) =>
  /^[a-z0-9][a-z0-9._@-]{0,63}$/.test(text)
    ? undefined
    : `"${text}" is not a user name (lower-case letters, digits, ".", "_", "@" and hyphens, at most 64)`;

export const githubOrganization: Rule = (text) =>
  /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*_?(:[a-z0-9][a-z0-9_-]*)?$/.test(text) && (text.split(":")[0] ?? "").length <= 39
    ? undefined
    : `"${text}" is neither a GitHub organisation nor "organisation:team-slug"`;

/** What other login services call a user: a name, an e-mail address, an id. JupyterHub allows no slash. */
export const identity: Rule = (text) =>
  /^[^\s/,]{1,255}$/.test(text)
    ? undefined
    : `"${text}" is not a user name (no white space, comma or slash, at most 255)`;

/** Google and others tell users apart by their e-mail addresses. */
export const emailAddress: Rule = (text) =>
  /^[^\s/,@]+@[^\s/,@]+\.[^\s/,@]+$/.test(text)
    ? undefined
    : `"${text}" is not an e-mail address, which is the user's name in this hub`;

export const gitlabName: Rule = (text) =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{1,254}$/.test(text)
    ? undefined
    : `"${text}" is not a GitLab user name (without @; letters, digits, ".", "_" and hyphens)`;

export const gitlabGroup: Rule = (text) =>
  /^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)*$/.test(text)
    ? undefined
    : `"${text}" is not a GitLab group like physics or physics/lab-1`;

export const uuid: Rule = (text) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
    ? undefined
    : `"${text}" is not an id like 11111111-2222-4333-8444-555555555555`;

export const claimName: Rule = (text) =>
  /^[^\s]+$/.test(text) ? undefined : `"${text}" is not the name of a claim like email`;

export const bindDnTemplate: Rule = (text) =>
  text.includes("{username}") && text.includes("=")
    ? undefined
    : `"${text}" is not a template like uid={username},ou=people,dc=example,dc=org`;

export const distinguishedName: Rule = (text) =>
  /^[A-Za-z][\w-]*=.+/.test(text)
    ? undefined
    : `"${text}" is not a distinguished name like cn=hub-users,ou=groups,dc=example,dc=org`;
