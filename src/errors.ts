/** The exit codes of hubctl; also listed in the README. */
export const exitCodes = {
  done: 0,
  toolFailed: 1,
  userMustAct: 2,
  leftovers: 3,
  internal: 70,
  interrupted: 130,
} as const;

export interface ErrorDetails {
  /** What to do next, as a command or one sentence. */
  hint?: string;
  /** The tool's or AWS's own words, at most about 20 lines. */
  output?: string;
  /** Path of the full log. */
  log?: string;
  cause?: unknown;
}

/** An expected failure. `code` is PascalCase and stable; `message` is one sentence that names the value at fault. */
export abstract class HubctlError extends Error {
  abstract readonly exitCode: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly output: string | undefined;
  log: string | undefined;
  /** The command that goes on from here; set by whoever knows which command is running. */
  resume: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
    this.output = details.output;
    this.log = details.log;
  }
}

/** The user must change something, or a guard refused. Nothing was touched by what failed. */
export class UserError extends HubctlError {
  override readonly exitCode = exitCodes.userMustAct;
}

/** A declined prompt or an interrupt. */
export class AbortError extends HubctlError {
  override readonly exitCode = exitCodes.interrupted;
}

/** An external tool or AWS failed. */
export class ToolError extends HubctlError {
  override readonly exitCode = exitCodes.toolFailed;
}

/** Something is still there that should not be. */
export class LeftoversError extends HubctlError {
  override readonly exitCode = exitCodes.leftovers;
}

/** Several failures at once: the members of a group of side-by-side steps. */
export class SeveralErrors extends HubctlError {
  override readonly exitCode: number;
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super("SeveralErrors", `${errors.length} steps failed`);
    this.errors = errors;
    const codes = errors.map((error) => (error instanceof HubctlError ? error.exitCode : exitCodes.internal));
    this.exitCode = codes.find((code) => code === exitCodes.interrupted) ?? Math.max(...codes);
  }
}

const missingLogin = new Set(["CredentialsProviderError", "TokenProviderError"]);
const refusedLogin = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
]);

/** What AWS or its SDK throws when there is no login or a refused one, with what to do; undefined for anything else. */
export function asLoginError(error: unknown): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  const isMissing = missingLogin.has(error.name);
  if (!isMissing && !refusedLogin.has(error.name)) return undefined;
  // Both have the name of a wrong signature.
  const isClockWrong = /Signature expired|Signature not yet current/.test(error.message);
  return new UserError("NotLoggedIn", isMissing ? "there is no AWS login" : "AWS does not accept the login", {
    output: error.message,
    hint: isClockWrong
      ? "set this machine's clock, then run it again"
      : "log in (for example: aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    cause: error,
  });
}
