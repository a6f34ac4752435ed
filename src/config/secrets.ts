import type { ConfigForm } from "./deployment.ts";
import type { HubConfig, Secrets } from "./hub-config.ts";
import type { Problem } from "./problem.ts";

/** Where each secret is looked for, in this order. */
const sources = {
  githubClientId: ["HUBCTL_GITHUB_CLIENT_ID", "TF_VAR_github_client_id"],
  githubClientSecret: ["HUBCTL_GITHUB_CLIENT_SECRET", "TF_VAR_github_client_secret"],
  userPassword: ["HUBCTL_USER_PASSWORD"],
  adminPassword: ["HUBCTL_ADMIN_PASSWORD"],
} as const satisfies Record<keyof Secrets, readonly string[]>;

const secretsOf = {
  github: ["githubClientId", "githubClientSecret"],
  "shared-password": ["userPassword", "adminPassword"],
} as const satisfies Record<HubConfig["auth"]["method"], readonly (keyof Secrets)[]>;

const purposes: Record<keyof Secrets, string> = {
  githubClientId: "the client id of the hub's GitHub OAuth app",
  githubClientSecret: "the client secret of the hub's GitHub OAuth app",
  userPassword: "the password that all users share (at least 8 characters)",
  adminPassword: "the password that admins share (at least 32 characters)",
};

/** Values shorter than this are no secrets to hide: redacting them would make any text unreadable. */
const shortestRedacted = 4;

/** The values that must be redacted wherever text is shown or logged; longest first, so that none hides part of another. */
export function secretValues(secrets: Secrets): string[] {
  return Object.values(secrets as Record<string, string | undefined>)
    .filter((value) => value !== undefined && value.length >= shortestRedacted)
    .map(String)
    .sort((a, b) => b.length - a.length);
}

/** The secrets that the login method needs, from the environment; `fromFile` are those the deployment's file may hold. */
export function readSecrets(
  method: HubConfig["auth"]["method"],
  form: ConfigForm,
  env: NodeJS.ProcessEnv,
  fromFile: Secrets = {},
): { secrets: Secrets; problems: Problem[] } {
  const secrets: Secrets = {};
  const problems: Problem[] = [];
  for (const name of secretsOf[method]) {
    const variables: string[] = form === "tfvars" ? [...sources[name]].reverse() : [...sources[name]];
    const key = variables.find((variable) => (env[variable] ?? "") !== "") ?? variables.join(" or ");
    const value = fromFile[name] ?? env[key];
    if (value === undefined) {
      problems.push({ key, message: `is not set: ${purposes[name]}` });
      continue;
    }
    secrets[name] = value;
    const bad = describeBadSecret(name, value);
    if (bad !== undefined) problems.push({ key, message: bad });
  }
  if (secrets.userPassword !== undefined && secrets.userPassword === secrets.adminPassword) {
    problems.push({ key: sources.adminPassword[0], message: `must differ from ${sources.userPassword[0]}` });
  }
  return { secrets, problems };
}

/** Never quotes the value. */
function describeBadSecret(name: keyof Secrets, value: string): string | undefined {
  if (value !== value.trim()) return "starts or ends with white space";
  if (/\p{Cc}/u.test(value)) return "holds a line break or another control character";
  if (name === "userPassword" && value.length < 8) return `has ${value.length} characters; at least 8 are needed`;
  if (name === "adminPassword" && value.length < 32) return `has ${value.length} characters; at least 32 are needed`;
  return undefined;
}
