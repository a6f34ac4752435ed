import { CommandError } from "../tools/exec.ts";
import { HubctlError, ToolError } from "../errors.ts";
import { fatalFailures } from "./fatal-failures.ts";
import { retriedFailures } from "./retried-failures.ts";
import type { Verdict } from "./retry.ts";

/** Whose words a text is. "hubctl" stands for the errors of its own waits. */
export type Tool = "terraform" | "helm" | "kubectl" | "aws" | "hubctl";
export type Phase = "init" | "plan" | "apply" | "install" | "wait" | "query" | "api";

interface KnownFailure {
  /** Stands in the journal. */
  id: string;
  tools: readonly Tool[];
  /** All phases, unless the same words mean something else in another one. */
  phases?: readonly Phase[];
  pattern: RegExp;
  /** Shown to the user: what is being waited for, or what is wrong. */
  reason: string;
}

export interface RetriedFailure extends KnownFailure {
  attempts: number;
  delaySeconds: number;
  /** What a person can do when it has not passed after all. */
  hint?: string;
}

export interface FatalFailure extends KnownFailure {
  hint: string;
  /** Nothing failed but the operator's own login: exit code 2, as when it is missing from the start. */
  isLogin?: true;
}

/**
 * Looks a text up. A fatal part of it wins over everything; it is tried again only if each of the errors that it
 * holds is known to pass, and then with the most patient of their budgets.
 */
export function classifyText(tool: Tool, phase: Phase, text: string): Verdict | undefined {
  const applies = (failure: KnownFailure): boolean =>
    failure.tools.includes(tool) && (failure.phases === undefined || failure.phases.includes(phase));
  const fatal = fatalFailures.find((failure) => applies(failure) && failure.pattern.test(text));
  if (fatal !== undefined) {
    const { id, reason, hint, isLogin } = fatal;
    return { kind: "fatal", id, reason, hint, ...(isLogin && { isLogin }) };
  }
  const passing = splitErrors(text).map((part) =>
    retriedFailures.find((failure) => applies(failure) && failure.pattern.test(part)),
  );
  const known = passing.filter((failure) => failure !== undefined);
  if (known.length === 0 || known.length < passing.length) return undefined;
  const patient = known.reduce((a, b) => (a.attempts * a.delaySeconds >= b.attempts * b.delaySeconds ? a : b));
  const { id, reason, attempts, delaySeconds, hint } = patient;
  return { kind: "retry", id, reason, attempts, delaySeconds, ...(hint === undefined ? {} : { hint }) };
}

/** Looks an error up; undefined means that nobody knows what it needs. */
export function classifyError(error: unknown): Verdict | undefined {
  if (error instanceof CommandError) {
    // A tool that was ended says nothing about the world.
    if (error.signal !== undefined) return undefined;
    const tool = toolOf(error);
    return tool === undefined ? undefined : classifyText(tool, phaseOf(tool, error.subcommand), error.fullOutput);
  }
  if (error instanceof ToolError) return classifyText("hubctl", "wait", `${error.code}: ${error.message}`);
  if (error instanceof Error && !(error instanceof HubctlError) && isFromAws(error)) {
    const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
    return classifyText("aws", "api", `${error.name}: ${code}${error.message}`);
  }
  return undefined;
}

/** Each error of a text by itself; what precedes the first one is progress and warnings. */
function splitErrors(text: string): string[] {
  const parts = text.split(/^[\s│╷]*(?=Error: )/m);
  const errors = parts.filter((part) => part.startsWith("Error: "));
  return errors.length > 0 ? errors : [text];
}

function toolOf(error: CommandError): Tool | undefined {
  if (error.tool === "helm" || error.tool === "kubectl") return error.tool;
  return /^(?:terraform|tofu)/.test(error.tool) ? "terraform" : undefined;
}

function phaseOf(tool: Tool, subcommand: string): Phase {
  if (tool === "helm") return subcommand === "upgrade" ? "install" : "query";
  if (subcommand === "init" || subcommand === "plan" || subcommand === "apply") return subcommand;
  return "query";
}

function isFromAws(error: Error): boolean {
  // Errors of the network have a code instead, and the SDK hands them on as they are.
  return "$metadata" in error || "code" in error || /^(?:Credentials|Token)ProviderError$/.test(error.name);
}
