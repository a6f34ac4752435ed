import { z } from "zod";
import type { Command } from "./exec.ts";
import type { KubeTarget } from "./helm.ts";

export function getCommand(
  target: KubeTarget,
  what: { resource: string; name?: string; namespace?: string; selector?: string; allNamespaces?: boolean },
): Command {
  return kubectl(target, [
    "get",
    what.resource,
    ...(what.name === undefined ? [] : [what.name]),
    ...namespaceFlag(what.namespace),
    ...(what.allNamespaces === true ? ["--all-namespaces"] : []),
    ...(what.selector === undefined ? [] : ["--selector", what.selector]),
    // Absence is an answer; without a name an empty list is.
    "--ignore-not-found",
    "--output",
    "json",
    "--request-timeout=30s",
  ]);
}

/** The objects that a manifest names, as they are now; those that are not there are left out. */
export function getManifestCommand(
  target: KubeTarget,
  { manifest, namespace }: { manifest: string; namespace: string },
): Command {
  const flags = ["--ignore-not-found", "--output", "json", "--request-timeout=30s"];
  return { ...kubectl(target, ["get", "--filename", "-", "--namespace", namespace, ...flags]), input: manifest };
}

/** Objects of several namespaces, as they are now; those that are not there are left out. */
export function getObjectsCommand(
  target: KubeTarget,
  objects: readonly { apiVersion: string; kind: string; metadata: { name: string; namespace?: string | undefined } }[],
): Command {
  const items = objects.map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
  }));
  const flags = ["--ignore-not-found", "--output", "json", "--request-timeout=30s"];
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  return { ...kubectl(target, ["get", "--filename", "-", ...flags]), input };
}

/** Does not wait until the pod is gone. */
export function deletePodCommand(target: KubeTarget, pod: { name: string; namespace: string }): Command {
  return kubectl(target, [
    "delete",
    "pod",
    pod.name,
    ...namespaceFlag(pod.namespace),
    "--ignore-not-found",
    "--wait=false",
  ]);
}

/** Asks for deletion and does not wait: what it takes to go is for the caller to watch. */
export function deleteCommand(
  target: KubeTarget,
  what: { resource: string; namespace?: string } & ({ name: string } | { selector: string } | { all: true }),
): Command {
  return kubectl(target, [
    "delete",
    what.resource,
    ...("name" in what ? [what.name] : "selector" in what ? ["--selector", what.selector] : ["--all"]),
    ...namespaceFlag(what.namespace),
    "--ignore-not-found",
    "--wait=false",
    "--request-timeout=30s",
  ]);
}

/** Fails if there is one of that name. */
export function createCommand(target: KubeTarget, object: object): Command {
  return {
    ...kubectl(target, ["create", "--filename", "-", "--request-timeout=30s"]),
    input: JSON.stringify(object),
  };
}

export function scaleCommand(
  target: KubeTarget,
  what: { resource: string; name: string; namespace: string; replicas: number },
): Command {
  const { resource, name, namespace, replicas } = what;
  return kubectl(target, ["scale", resource, name, ...namespaceFlag(namespace), `--replicas=${replicas}`]);
}

/** An object that is to be deleted, and what it is kept for. */
export interface HeldObject {
  /** As kubectl takes it: "nodeclaims.karpenter.sh" for what has a group. */
  resource: string;
  kind: string;
  name: string;
  namespace?: string;
  finalizers: string[];
}

/** Fails if the object's finalizers are others by now: then somebody else is at work on it. */
export function replaceFinalizersCommand(
  target: KubeTarget,
  { resource, name, namespace, finalizers }: HeldObject,
  left: readonly string[],
): Command {
  const patch = [
    { op: "test", path: "/metadata/finalizers", value: finalizers },
    { op: "replace", path: "/metadata/finalizers", value: left },
  ];
  return kubectl(target, [
    "patch",
    resource,
    name,
    ...namespaceFlag(namespace),
    "--type",
    "json",
    "--patch",
    JSON.stringify(patch),
    "--request-timeout=30s",
  ]);
}

/** Names of all kinds of objects that live in namespaces and can be listed and deleted. */
export function namespacedResourcesCommand(target: KubeTarget): Command {
  return kubectl(target, [
    "api-resources",
    "--namespaced",
    "--verbs=list,delete",
    "--output",
    "name",
    "--request-timeout=30s",
  ]);
}

/** Fails when the API server does not answer that it is ready. */
export function readyCommand(target: KubeTarget): Command {
  return kubectl(target, ["get", "--raw", "/readyz", "--request-timeout=15s"]);
}

/** The API server's own counters, as text. */
export function metricsCommand(target: KubeTarget): Command {
  return kubectl(target, ["get", "--raw", "/metrics", "--request-timeout=30s"]);
}

export function clientVersionCommand(): Command {
  return { file: "kubectl", args: ["version", "--client", "--output", "json"] };
}

const versionSchema = z.object({ clientVersion: z.object({ gitVersion: z.string() }) });

export function parseClientVersion(stdout: string): string {
  return versionSchema.parse(JSON.parse(stdout)).clientVersion.gitVersion;
}

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        containers: z.array(z.object({ env: z.array(z.object({ name: z.string() })).default([]) })),
      }),
    }),
  ),
});

/** With --ignore-not-found kubectl prints nothing where a list would be empty. */
function parseList(stdout: string): unknown {
  return stdout.trim() === "" ? { items: [] } : JSON.parse(stdout);
}

const namesSchema = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

export function parseNames(stdout: string): string[] {
  return namesSchema.parse(parseList(stdout)).items.map(({ metadata }) => metadata.name);
}

const heldSchema = z.object({
  items: z.array(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: z.object({
        name: z.string(),
        namespace: z.string().optional(),
        deletionTimestamp: z.string().optional(),
        finalizers: z.array(z.string()).default([]),
      }),
    }),
  ),
});

/** Of a list: what is to be deleted and is kept by a finalizer. */
export function parseFinalizers(stdout: string): HeldObject[] {
  return heldSchema.parse(parseList(stdout)).items.flatMap(({ apiVersion, kind, metadata }) => {
    const { name, namespace, deletionTimestamp, finalizers } = metadata;
    if (deletionTimestamp === undefined || finalizers.length === 0) return [];
    const [group, version] = apiVersion.split("/");
    const resource = version === undefined ? kind.toLowerCase() : `${kind.toLowerCase()}.${version}.${group ?? ""}`;
    return [{ resource, kind, name, finalizers, ...(namespace === undefined ? {} : { namespace }) }];
  });
}

const rolloutSchema = z.object({
  status: z.object({ readyReplicas: z.number().default(0) }).default({ readyReplicas: 0 }),
});

/** How many pods of a deployment are ready; 0 when there is no such deployment. */
export function parseReadyReplicas(stdout: string): number {
  return stdout.trim() === "" ? 0 : rolloutSchema.parse(JSON.parse(stdout)).status.readyReplicas;
}

const scaledSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ replicas: z.number().default(1) }),
      status: z.object({ readyReplicas: z.number().default(0) }).default({ readyReplicas: 0 }),
    }),
  ),
});

/** Of deployments: how many pods each should have, and how many are ready. */
export function parseReplicas(stdout: string): { name: string; wanted: number; ready: number }[] {
  return scaledSchema.parse(parseList(stdout)).items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    wanted: spec.replicas,
    ready: status.readyReplicas,
  }));
}

/** Pods with the names of the environment variables of their containers. */
export function parsePods(stdout: string): { name: string; variables: string[] }[] {
  return podsSchema.parse(parseList(stdout)).items.map(({ metadata, spec }) => ({
    name: metadata.name,
    variables: spec.containers.flatMap(({ env }) => env.map(({ name }) => name)),
  }));
}

export interface NodeState {
  name: string;
  labels: Record<string, string>;
  isReady: boolean;
}

const nodesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

export function parseNodes(stdout: string): NodeState[] {
  return nodesSchema.parse(parseList(stdout)).items.map(({ metadata, status }) => ({
    name: metadata.name,
    labels: metadata.labels,
    isReady: status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
  }));
}

const nodeVersionsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ nodeInfo: z.object({ kubeletVersion: z.string() }) }),
    }),
  ),
});

export interface NodeVersion {
  name: string;
  labels: Record<string, string>;
  /** "v1.36.1-eks-3a10415" */
  kubelet: string;
}

export function parseNodeVersions(stdout: string): NodeVersion[] {
  return nodeVersionsSchema.parse(parseList(stdout)).items.map(({ metadata, status }) => ({
    name: metadata.name,
    labels: metadata.labels,
    kubelet: status.nodeInfo.kubeletVersion,
  }));
}

const templateSchema = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }) }),
  }),
});

/** The image of one container of a deployment; undefined when there is no such deployment or container. */
export function parseContainerImage(stdout: string, container: string): string | undefined {
  if (stdout.trim() === "") return undefined;
  const { containers } = templateSchema.parse(JSON.parse(stdout)).spec.template.spec;
  return containers.find(({ name }) => name === container)?.image;
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
