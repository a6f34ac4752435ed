import { CommandError } from "../tools/exec.ts";
import { HubctlError, ToolError } from "../errors.ts";
import { fatalFailures } from "./fatal-failures.ts";
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
}

const kube: readonly Tool[] = ["kubectl", "helm"];
const cloud: readonly Tool[] = ["terraform", "aws"];

/** Failures that pass by themselves. Nothing else is ever tried again. */
export const retriedFailures: readonly RetriedFailure[] = [
  {
    id: "throttled",
    tools: cloud,
    pattern:
      /\b(?:Throttl(?:ing|ed)(?:Exception)?|RequestThrottled|RequestLimitExceeded|TooManyRequestsException|SlowDown|IamThrottling|PriorRequestNotComplete)\b|Rate exceeded|processing a prior request/,
    reason: "AWS is limiting the rate of calls",
    attempts: 5,
    delaySeconds: 20,
  },
  {
    id: "role-not-visible",
    tools: cloud,
    phases: ["apply", "api"],
    pattern: /could not be assumed because it does not exist|is invalid or cannot be assumed/i,
    reason: "IAM role not visible to EKS yet",
    attempts: 5,
    delaySeconds: 15,
  },
  {
    id: "pod-identity-role-not-visible",
    tools: cloud,
    phases: ["apply", "api"],
    pattern: /Role provided in the request does not exist/,
    reason: "role of a Pod Identity association not visible to EKS yet",
    attempts: 5,
    delaySeconds: 10,
  },
  {
    id: "instance-profile-not-visible",
    tools: cloud,
    phases: ["apply", "install", "api"],
    pattern: /Invalid IAM Instance Profile|iamInstanceProfile\.(?:name|arn) is invalid/i,
    reason: "instance profile not visible to EC2 yet",
    attempts: 5,
    delaySeconds: 15,
  },
  {
    id: "principal-not-visible",
    tools: cloud,
    phases: ["apply", "api"],
    pattern: /Invalid principal in policy|provided principal was invalid|principalArn is invalid: invalid principal/i,
    reason: "IAM principal not visible to other services yet",
    attempts: 5,
    delaySeconds: 10,
  },
  {
    id: "access-entry-not-spread",
    tools: ["kubectl", "helm"],
    pattern: /You must be logged in to the server|server has asked for the client to provide credentials/,
    reason: "the cluster does not know this login yet",
    attempts: 6,
    delaySeconds: 10,
    hint: "log in as the one that the lock file calls installer, or have it give this login an access entry, then run it again",
  },
  {
    id: "access-policy-not-spread",
    tools: kube,
    pattern: /is forbidden: User "arn:aws[^"]*" cannot/,
    reason: "the cluster does not know this login's rights yet",
    attempts: 4,
    delaySeconds: 10,
  },
  {
    id: "access-entry-not-visible",
    tools: cloud,
    phases: ["apply", "api"],
    pattern: /specified principalArn could not be found/,
    reason: "access entry not visible to EKS yet",
    attempts: 4,
    delaySeconds: 10,
  },
  {
    id: "api-server-not-ready",
    tools: kube,
    pattern:
      /Unable to connect to the server: (?:EOF|unexpected EOF|net\/http: TLS handshake timeout|dial tcp [^\n]*(?:i\/o timeout|connection refused|no such host))|cluster unreachable:[^\n]*(?:: EOF|i\/o timeout|connection refused|no such host|TLS handshake timeout)|The connection to the server (?!localhost)\S+ was refused|server sent GOAWAY|http2: client connection lost|etcdserver: (?:request timed out|leader changed)|net\/http: request canceled[^\n]*Client\.Timeout exceeded/,
    reason: "the API server does not accept connections yet",
    attempts: 8,
    delaySeconds: 10,
  },
  {
    id: "aggregated-api-not-ready",
    tools: kube,
    pattern: /the server is currently unable to handle the request/,
    reason: "an add-on that serves a part of the API is not ready yet",
    attempts: 8,
    delaySeconds: 10,
  },
  {
    id: "webhook-not-ready",
    tools: kube,
    pattern: /failed calling webhook[^\n]*(?:no endpoints available for service|connect: connection refused)/,
    reason: "a webhook has no ready pods yet",
    attempts: 6,
    delaySeconds: 10,
  },
  {
    id: "custom-resource-not-served",
    tools: kube,
    pattern: /no matches for kind "(?:NodePool|NodeClaim|EC2NodeClass)"/,
    reason: "Karpenter's resource types are not served yet",
    attempts: 4,
    delaySeconds: 5,
  },
  {
    id: "object-modified",
    tools: kube,
    pattern: /the object has been modified; please apply your changes to the latest version/,
    reason: "somebody else changed the same object at the same time",
    attempts: 4,
    delaySeconds: 2,
  },
  {
    id: "client-rate-limited",
    tools: ["helm"],
    pattern: /client rate limiter Wait returned an error/,
    reason: "the API server is busy",
    attempts: 3,
    delaySeconds: 20,
  },
  {
    id: "addon-not-ready",
    tools: cloud,
    phases: ["apply", "api"],
    pattern:
      /Addon \S+ cannot be (?:updated|deleted|created) as it is currently in (?:CREATING|UPDATING|DELETING) state/i,
    reason: "an EKS add-on is still being changed",
    attempts: 6,
    delaySeconds: 20,
  },
  {
    id: "cluster-being-updated",
    tools: cloud,
    pattern:
      /currently has (?:an )?update \S+ in progress|Cluster status (?:is )?not active|cluster is not in the ACTIVE state/i,
    reason: "EKS makes one change to a cluster at a time",
    attempts: 10,
    delaySeconds: 30,
  },
  {
    id: "load-balancer-without-name",
    tools: ["hubctl"],
    pattern: /^WaitedTooLong: [^\n]*load balancer/,
    reason: "the load balancer has no name yet",
    attempts: 2,
    delaySeconds: 10,
  },
  {
    id: "file-system-not-available",
    tools: cloud,
    pattern: /\b(?:IncorrectFileSystemLifeCycleState|IncorrectMountTargetState)(?:Exception)?\b/,
    reason: "the file system or a mount target is still being created or deleted",
    attempts: 8,
    delaySeconds: 10,
  },
  {
    id: "bucket-operation-pending",
    tools: cloud,
    pattern: /\bOperationAborted\b/,
    reason: "S3 is still busy with an earlier change of this bucket",
    attempts: 5,
    delaySeconds: 20,
  },
  {
    id: "aws-unavailable",
    tools: cloud,
    pattern:
      /\b(?:ServiceUnavailable(?:Exception)?|InternalFailure|InternalServerError|ServerException)\b|StatusCode: 50[234]\b/,
    reason: "an AWS service is not available for the moment",
    attempts: 4,
    delaySeconds: 30,
  },
  {
    id: "provider-registry-unreachable",
    tools: ["terraform"],
    phases: ["init"],
    pattern:
      /(?:Failed to query available provider packages|Failed to install provider)[^]*(?:request failed after \d+ attempts|Client\.Timeout exceeded|TLS handshake timeout|connection reset|50[234] )/,
    reason: "the provider registry does not answer",
    attempts: 3,
    delaySeconds: 15,
  },
  {
    id: "chart-repository-unreachable",
    tools: ["helm"],
    pattern:
      /(?:cannot be reached|failed to (?:fetch|download|perform|do request))[^\n]*(?:50[0234] |unexpected EOF|i\/o timeout|connection reset|TLS handshake timeout|Client\.Timeout exceeded)/,
    reason: "the chart repository does not answer",
    attempts: 3,
    delaySeconds: 15,
  },
  {
    id: "network-interrupted",
    tools: cloud,
    pattern:
      /(?:amazonaws\.com|dial tcp: lookup)[^\n]*(?:connection reset by peer|connectex: A connection attempt failed|TLS handshake timeout|read: connection refused|server misbehaving|Temporary failure in name resolution)|\b(?:ECONNRESET|ETIMEDOUT|EAI_AGAIN)\b|socket hang up/,
    reason: "the connection to AWS was interrupted",
    attempts: 4,
    delaySeconds: 10,
  },
  {
    id: "plan-overtaken",
    tools: ["terraform"],
    phases: ["apply"],
    pattern: /Provider produced inconsistent final plan|Saved plan is stale/,
    reason: "values that the plan did not know yet are known now; planning anew",
    attempts: 2,
    delaySeconds: 1,
  },
  {
    id: "provider-crashed",
    tools: ["terraform"],
    phases: ["plan"],
    pattern: /Plugin did not respond/,
    reason: "Terraform's provider crashed while it only read",
    attempts: 2,
    delaySeconds: 5,
  },
];

/**
 * Looks a text up. A fatal part of it wins over everything; it is tried again only if each of the errors that it
 * holds is known to pass, and then with the most patient of their budgets.
 */
export function classifyText(tool: Tool, phase: Phase, text: string): Verdict | undefined {
  const applies = (failure: KnownFailure): boolean =>
    failure.tools.includes(tool) && (failure.phases === undefined || failure.phases.includes(phase));
  const fatal = fatalFailures.find((failure) => applies(failure) && failure.pattern.test(text));
  if (fatal !== undefined) return { kind: "fatal", id: fatal.id, reason: fatal.reason, hint: fatal.hint };
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
  return subcommand === "wait" || subcommand === "rollout" ? "wait" : "query";
}

function isFromAws(error: Error): boolean {
  // Errors of the network have a code instead, and the SDK hands them on as they are.
  return "$metadata" in error || "code" in error || /^(?:Credentials|Token)ProviderError$/.test(error.name);
}
