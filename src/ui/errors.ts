import { asLoginError, exitCodes, HubctlError, SeveralErrors, ToolError } from "../errors.ts";
import type { Output } from "./output.ts";

/** What people see of a failure: what failed, the cause's own words, what to do, where the log is. */
export function formatError(error: unknown, output: Pick<Output, "style" | "debug">, log?: string): string {
  const blocks =
    error instanceof SeveralErrors ? error.errors.map((one) => formatOne(one, output)) : [formatOne(error, output)];
  const resume = error instanceof HubctlError ? error.resume : undefined;
  if (resume !== undefined) blocks.push(`${output.style("cyan", "→")} go on with: ${resume}`);
  const path = log ?? (error instanceof HubctlError ? error.log : undefined);
  return [...blocks, ...(path === undefined ? [] : [output.style("dim", `log: ${path}`)])].join("\n");
}

export function exitCodeOf(error: unknown): number {
  const expected = toExpected(error);
  return expected instanceof HubctlError ? expected.exitCode : exitCodes.internal;
}

/** Makes AWS's own errors, which the SDK throws as plain Errors, expected ones; leaves everything else as it is. */
export function toExpected(error: unknown): unknown {
  if (error instanceof HubctlError || !isAwsError(error)) return error;
  const login = asLoginError(error);
  if (login !== undefined) return login;
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined && "code" in error) {
    return new ToolError("AwsNotReached", "could not reach AWS", {
      output: error.message,
      hint: "check the network connection, then run it again",
      cause: error,
    });
  }
  const request = error.$metadata?.requestId;
  const facts = [
    status === undefined ? undefined : `HTTP ${status}`,
    request === undefined ? undefined : `request ${request}`,
  ];
  const known = facts.filter((fact) => fact !== undefined).join(", ");
  const call = error.call === undefined ? "AWS refused a call" : `AWS refused the call ${error.call}`;
  return new ToolError(error.name, `${call}: ${error.name}${known === "" ? "" : ` (${known})`}`, {
    output: error.message,
    cause: error,
  });
}

function formatOne(error: unknown, output: Pick<Output, "style" | "debug">): string {
  const expected = toExpected(error);
  const lines = expected instanceof HubctlError ? describeExpected(expected, output) : describeBug(expected, output);
  if (output.debug && expected instanceof Error) lines.push(...describeStack(expected, output));
  return lines.join("\n");
}

function describeExpected(error: HubctlError, output: Pick<Output, "style">): string[] {
  const isSoft = error.exitCode === exitCodes.interrupted;
  const mark = output.style(isSoft ? "yellow" : "red", "✖");
  return [
    `${mark} ${error.message}`,
    ...(error.output === undefined ? [] : indent(error.output)),
    ...(error.hint === undefined ? [] : [`${output.style("cyan", "→")} ${error.hint}`]),
  ];
}

function describeBug(error: unknown, output: Pick<Output, "style" | "debug">): string[] {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const report = output.debug
    ? "please report it with this text"
    : "please report it with what the same command prints with --debug";
  return [
    `${output.style("red", "✖")} hubctl itself failed; this is a bug`,
    ...indent(words),
    `${output.style("cyan", "→")} ${report}`,
  ];
}

function describeStack(error: Error, output: Pick<Output, "style">): string[] {
  const stack = indent(error.stack ?? "").map((line) => output.style("dim", line));
  return error.cause instanceof Error ? [...stack, "  caused by", ...describeStack(error.cause, output)] : stack;
}

function indent(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}

interface AwsError extends Error {
  $metadata?: { httpStatusCode?: number; requestId?: string };
  /** "EC2 DescribeVpcs"; put there by the clients of src/aws. */
  call?: string;
}

function isAwsError(error: unknown): error is AwsError {
  if (!(error instanceof Error)) return false;
  // Failures to find or renew a login are thrown by the SDK without metadata.
  return "$metadata" in error || error.name === "CredentialsProviderError" || error.name === "TokenProviderError";
}
