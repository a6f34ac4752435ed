import type { ConfigForm } from "./deployment.ts";
import type { LoginMethod, Secrets } from "./hub-config.ts";
import type { Problem } from "./problem.ts";

type LoginSecrets = Omit<Secrets, "certificateKey" | "certificateChain">;

/** Where each secret is looked for, in this order. */
const sources = {
  clientId: ["HUBCTL_OAUTH_CLIENT_ID"],
  clientSecret: ["HUBCTL_OAUTH_CLIENT_SECRET"],
  userPassword: ["HUBCTL_USER_PASSWORD"],
  adminPassword: ["HUBCTL_ADMIN_PASSWORD"],
} as const satisfies Record<keyof LoginSecrets, readonly string[]>;

/** Names from the time when GitHub was the only such login, and those of the Dandihub blueprint. */
const githubSources: Partial<Record<keyof LoginSecrets, readonly string[]>> = {
  clientId: [...sources.clientId, "HUBCTL_GITHUB_CLIENT_ID", "TF_VAR_github_client_id"],
  clientSecret: [...sources.clientSecret, "HUBCTL_GITHUB_CLIENT_SECRET", "TF_VAR_github_client_secret"],
};

const oauth = ["clientId", "clientSecret"] as const;

const secretsOf = {
  github: oauth,
  "generic-oauth": oauth,
  google: oauth,
  cilogon: oauth,
  globus: oauth,
  auth0: oauth,
  azuread: oauth,
  gitlab: oauth,
  ldap: [],
  "shared-password": ["userPassword", "adminPassword"],
} as const satisfies Record<LoginMethod, readonly (keyof LoginSecrets)[]>;

export function isLoginMethod(text: unknown): text is LoginMethod {
  return typeof text === "string" && Object.hasOwn(secretsOf, text);
}

const purposes: Record<keyof LoginSecrets, string> = {
  clientId: "the client id of the application that the hub is registered as",
  clientSecret: "the client secret of the application that the hub is registered as",
  userPassword: "the password that all users share (at least 8 characters)",
  adminPassword: "the password that admins share (at least 32 characters)",
};

const githubPurposes: Partial<Record<keyof LoginSecrets, string>> = {
  clientId: "the client id of the hub's GitHub OAuth app",
  clientSecret: "the client secret of the hub's GitHub OAuth app",
};

/** Values shorter than this are no secrets to hide: redacting them would make any text unreadable. */
const shortestRedacted = 4;

/** The values that must be redacted wherever text is shown or logged; longest first, so that none hides part of another. */
export function secretValues(secrets: Secrets): string[] {
  // Everybody gets to see the chain.
  return Object.entries(secrets as Record<string, string | undefined>)
    .flatMap(([name, value]) => (value === undefined || name === "certificateChain" ? [] : withLines(value)))
    .filter((value) => value.length >= shortestRedacted)
    .sort((a, b) => b.length - a.length);
}

/** A key is also hidden where its lines are told apart in another way, as JSON does. */
function withLines(value: string): string[] {
  const lines = value.trim().split(/\r?\n/);
  return lines.length === 1 ? [value] : [value, ...lines.filter((line) => !line.startsWith("-----"))];
}

/** The variables that the secrets of a login are looked for in, by secret; the first one that is set counts. */
export function secretVariables(method: LoginMethod, form: ConfigForm): Partial<Record<keyof LoginSecrets, string[]>> {
  return Object.fromEntries(
    secretsOf[method].map((name) => {
      const variables = (method === "github" ? githubSources[name] : undefined) ?? sources[name];
      return [name, form === "tfvars" ? [...variables].reverse() : [...variables]];
    }),
  );
}

/** The secrets that the login method needs, from the environment; `fromFile` are those the deployment's file may hold. */
export function readSecrets(
  method: LoginMethod,
  form: ConfigForm,
  env: NodeJS.ProcessEnv,
  fromFile: LoginSecrets = {},
): { secrets: LoginSecrets; problems: Problem[] } {
  const secrets: LoginSecrets = {};
  const problems: Problem[] = [];
  const variablesOf = secretVariables(method, form);
  for (const name of secretsOf[method]) {
    const variables = variablesOf[name] ?? [];
    const key = variables.find((variable) => (env[variable] ?? "") !== "") ?? variables.join(" or ");
    const value = fromFile[name] ?? env[key];
    if (value === undefined) {
      const purpose = (method === "github" ? githubPurposes[name] : undefined) ?? purposes[name];
      problems.push({ key, message: `is not set: ${purpose}` });
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
function describeBadSecret(name: keyof LoginSecrets, value: string): string | undefined {
  if (value !== value.trim()) return "starts or ends with white space";
  if (/\p{Cc}/u.test(value)) return "holds a line break or another control character";
  if (name === "userPassword" && value.length < 8) return `has ${value.length} characters; at least 8 are needed`;
  if (name === "adminPassword" && value.length < 32) return `has ${value.length} characters; at least 32 are needed`;
  return undefined;
}
