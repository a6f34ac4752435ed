import { z } from "zod";
import type { Command } from "./exec.ts";
import type { KubeTarget } from "./helm.ts";

/** Not for commands that watch: it would end the watch. */
const requestTimeout = "--request-timeout=30s";

export function getCommand(
  target: KubeTarget,
  what: { resource: string; name?: string; namespace?: string; selector?: string },
): Command {
  return kubectl(target, [
    "get",
    what.resource,
    ...(what.name === undefined ? [] : [what.name]),
    ...namespaceFlag(what.namespace),
    ...(what.selector === undefined ? [] : ["--selector", what.selector]),
    // Absence is an answer; without a name an empty list is.
    "--ignore-not-found",
    "--output",
    "json",
    requestTimeout,
  ]);
}

/** Server-side apply from standard input. */
export function applyCommand(target: KubeTarget, objects: readonly object[]): Command {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  return {
    ...kubectl(target, ["apply", "--server-side", "--field-manager", "hubctl", "--filename", "-", requestTimeout]),
    input: JSON.stringify(list),
  };
}

export function waitCommand(
  target: KubeTarget,
  what: { resource: string; condition: string; namespace?: string; selector?: string; timeoutSeconds: number },
): Command {
  return kubectl(target, [
    "wait",
    what.resource,
    "--for",
    what.condition,
    ...(what.selector === undefined ? [] : ["--selector", what.selector]),
    ...namespaceFlag(what.namespace),
    `--timeout=${what.timeoutSeconds}s`,
  ]);
}

export function rolloutStatusCommand(
  target: KubeTarget,
  what: { resource: string; namespace: string; timeoutSeconds: number },
): Command {
  const { resource, namespace, timeoutSeconds } = what;
  return kubectl(target, ["rollout", "status", resource, ...namespaceFlag(namespace), `--timeout=${timeoutSeconds}s`]);
}

/** Asks the API server too, so it also tells whether that accepts connections and the login. */
export function serverVersionCommand(target: KubeTarget): Command {
  return kubectl(target, ["version", "--output", "json", requestTimeout]);
}

export function clientVersionCommand(): Command {
  return { file: "kubectl", args: ["version", "--client", "--output", "json"] };
}

const versionSchema = z.object({ clientVersion: z.object({ gitVersion: z.string() }) });
const serverVersionSchema = z.object({ serverVersion: z.object({ gitVersion: z.string() }) });

export function parseClientVersion(stdout: string): string {
  return versionSchema.parse(JSON.parse(stdout)).clientVersion.gitVersion;
}

export function parseServerVersion(stdout: string): string {
  return serverVersionSchema.parse(JSON.parse(stdout)).serverVersion.gitVersion;
}

const conditionsSchema = z.array(z.object({ type: z.string(), status: z.string() })).default([]);
const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  labels: z.record(z.string(), z.string()).default({}),
});

export interface NodeState {
  name: string;
  labels: Record<string, string>;
  isReady: boolean;
}

const nodesSchema = z.object({
  items: z.array(z.object({ metadata: metadataSchema, status: z.object({ conditions: conditionsSchema }) })),
});

export function parseNodes(stdout: string): NodeState[] {
  return nodesSchema.parse(JSON.parse(stdout)).items.map(({ metadata, status }) => ({
    name: metadata.name,
    labels: metadata.labels,
    isReady: isTrue(status.conditions, "Ready"),
  }));
}

export interface PodState {
  name: string;
  namespace: string;
  phase: string;
  isReady: boolean;
  /** Why it is not running yet, in the kubelet's or the scheduler's words: "ImagePullBackOff". */
  waitingFor?: string;
}

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: metadataSchema,
      status: z.object({
        phase: z.string().default("Unknown"),
        conditions: z
          .array(z.object({ type: z.string(), status: z.string(), reason: z.string().optional() }))
          .default([]),
        containerStatuses: z
          .array(z.object({ state: z.object({ waiting: z.object({ reason: z.string().default("") }).optional() }) }))
          .default([]),
      }),
    }),
  ),
});

export function parsePods(stdout: string): PodState[] {
  return podsSchema.parse(JSON.parse(stdout)).items.map(({ metadata, status }) => {
    const waiting = status.containerStatuses.map(({ state }) => state.waiting?.reason).find((reason) => reason);
    const unscheduled = status.conditions.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
    const waitingFor = waiting ?? unscheduled?.reason;
    return {
      name: metadata.name,
      namespace: metadata.namespace,
      phase: status.phase,
      isReady: isTrue(status.conditions, "Ready"),
      ...(waitingFor === undefined ? {} : { waitingFor }),
    };
  });
}

const serviceSchema = z.object({
  status: z
    .object({
      loadBalancer: z
        .object({
          ingress: z.array(z.object({ hostname: z.string().optional(), ip: z.string().optional() })).optional(),
        })
        .default({}),
    })
    .default({ loadBalancer: {} }),
});

/** The name under which a Service's load balancer answers; undefined while it, or the Service, has none. */
export function parseServiceAddress(stdout: string): string | undefined {
  if (stdout.trim() === "") return undefined;
  const [first] = serviceSchema.parse(JSON.parse(stdout)).status.loadBalancer.ingress ?? [];
  return first?.hostname ?? first?.ip;
}

function isTrue(conditions: readonly { type: string; status: string }[], type: string): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === "True");
}

function kubectl(target: KubeTarget, args: readonly string[]): Command {
  return {
    file: "kubectl",
    args: [...args, "--kubeconfig", target.kubeconfig, "--context", target.context],
    env: { KUBECONFIG: target.kubeconfig },
  };
}

function namespaceFlag(namespace: string | undefined): string[] {
  return namespace === undefined ? [] : ["--namespace", namespace];
}
