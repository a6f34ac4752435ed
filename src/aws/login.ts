import { fromIni, fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { userInfo } from "node:os";
import { asLoginError, UserError } from "../errors.ts";
import { askMfaCode } from "./mfa-code.ts";

/** What the configuration says about who everything is done as. */
export interface Login {
  /** Of the shared AWS configuration; the environment's own login wins. */
  profile?: string;
  /** ARN of the role that everything is done as, whoever is logged in. */
  assumeRole?: string;
}

type Credentials = Awaited<ReturnType<ReturnType<typeof fromIni>>>;
export type CredentialsProvider = () => Promise<Credentials>;

/** Chooses the profile for this process and, by its environment, for the tools that it starts. */
export function useProfile({ profile }: Login, env: NodeJS.ProcessEnv = process.env): void {
  if (profile !== undefined && !hasLogin(env)) env["AWS_PROFILE"] = profile;
}

/** Credentials of whoever is logged in. */
export function baseCredentials({ profile }: Login, env: NodeJS.ProcessEnv = process.env): CredentialsProvider {
  const isChosen = profile !== undefined && (!hasLogin(env) || env["AWS_PROFILE"] === profile);
  // The chain would pass over a profile that is not there, and take the role of the machine.
  return shared(isChosen ? () => fromProfile(profile) : fromNodeProviderChain({ mfaCodeProvider: askMfaCode }));
}

/** The same, or of the role that is to be assumed; made anew before they expire. */
export function loginCredentials(login: Login, region: string, base = baseCredentials(login)): CredentialsProvider {
  const { assumeRole } = login;
  if (assumeRole === undefined) return base;
  const assume = fromTemporaryCredentials({
    masterCredentials: base,
    params: { RoleArn: assumeRole, RoleSessionName: sessionName() },
    clientConfig: { region },
  });
  return shared(async () => {
    try {
      return await assume();
    } catch (error) {
      throw asLoginError(error) ?? asRefusedRole(error, assumeRole) ?? error;
    }
  });
}

/** Tells in AWS's own records who did it (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html). */
export function sessionName(user = userInfo().username): string {
  return `hubctl-${user.replaceAll(/[^\w+=,.@-]/g, "-")}`.slice(0, 64);
}

function hasLogin(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env["AWS_PROFILE"] || env["AWS_ACCESS_KEY_ID"]);
}

async function fromProfile(profile: string): Promise<Credentials> {
  try {
    return await fromIni({ profile, mfaCodeProvider: askMfaCode })();
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("Could not resolve credentials using profile")))
      throw error;
    throw new UserError("ProfileNotFound", `the AWS profile "${profile}" gives no login on this machine`, {
      output: error.message,
      hint: `set it up (aws configure sso --profile ${profile}), or choose another login with AWS_PROFILE`,
      cause: error,
    });
  }
}

function asRefusedRole(error: unknown, role: string): UserError | undefined {
  if (!(error instanceof Error && error.name === "AccessDenied")) return undefined;
  return new UserError("RoleNotAssumed", `AWS does not let this login assume the role ${role}`, {
    output: error.message,
    hint: "ask an administrator to name this login in the role's trust policy, and to allow it sts:AssumeRole on the role; or log in as somebody else",
    cause: error,
  });
}

/** AWS's SDK makes a session for each client otherwise. */
function shared(provide: () => Promise<Credentials>): CredentialsProvider {
  const fiveMinutes = 300_000;
  let current: Promise<Credentials> | undefined;
  const isFresh = ({ expiration }: Credentials) =>
    expiration === undefined || expiration.getTime() - Date.now() > fiveMinutes;
  return async () => {
    const asked = current;
    const known = await asked?.catch(() => undefined);
    if (known && isFresh(known)) return known;
    if (current === undefined || current === asked) current = provide();
    return current;
  };
}
