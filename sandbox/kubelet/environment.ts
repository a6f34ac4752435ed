import type { KubeClient } from "../kube/client.ts";
import type { Container, EnvVar, Pod } from "./kube-objects.ts";
import { readData } from "./references.ts";

/** A reference of a container that cannot be resolved: CreateContainerConfigError on a node. */
export class ConfigProblem extends Error {}

/** The environment of a container, resolved as on a node, in order, with $(NAME) expanded. */
export async function resolveEnvironment(
  kube: KubeClient,
  pod: Pod,
  container: Container,
): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const [kind, reference] = source.configMapRef
      ? (["configmap", source.configMapRef] as const)
      : (["secret", source.secretRef ?? { name: "" }] as const);
    const data = await readData(kube, kind, pod.metadata.namespace, reference.name);
    if (data === undefined && reference.optional !== true) {
      throw new ConfigProblem(`${kind} "${reference.name}" not found`);
    }
    for (const [key, value] of Object.entries(data ?? {})) {
      environment[`${source.prefix ?? ""}${key}`] = value.toString("utf8");
    }
  }
  for (const variable of container.env ?? []) {
    const value = await resolveVariable(kube, pod, container, variable);
    if (value !== undefined) environment[variable.name] = expandVariables(value, environment);
  }
  return environment;
}

/** Replaces $(NAME) of known variables; $$(NAME) stays $(NAME). */
export function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (match, name: string | undefined) =>
    name === undefined ? "$" : (environment[name] ?? match),
  );
}

async function resolveVariable(
  kube: KubeClient,
  pod: Pod,
  container: Container,
  variable: EnvVar,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) return variable.value ?? "";
  if (from.fieldRef) return readField(pod, from.fieldRef.fieldPath);
  if (from.resourceFieldRef) {
    const { containerName, resource, divisor } = from.resourceFieldRef;
    const owner = pod.spec.containers.find(({ name }) => name === containerName) ?? container;
    return readResource(owner, resource, divisor);
  }
  const [kind, reference] = from.configMapKeyRef
    ? (["configmap", from.configMapKeyRef] as const)
    : (["secret", from.secretKeyRef] as const);
  if (reference === undefined) return undefined;
  const data = await readData(kube, kind, pod.metadata.namespace, reference.name);
  const value = data?.[reference.key];
  if (value !== undefined) return value.toString("utf8");
  if (reference.optional === true) return undefined;
  throw new ConfigProblem(
    data === undefined
      ? `${kind} "${reference.name}" not found`
      : `couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace}/${reference.name}`,
  );
}

export function readField(pod: Pod, fieldPath: string): string {
  const { metadata, spec, status } = pod;
  const inMap = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (inMap) return metadata[inMap[1] as "labels" | "annotations"]?.[inMap[2] ?? ""] ?? "";
  const fields: Record<string, string | undefined> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName,
    "status.podIP": status?.podIP,
    "status.podIPs": status?.podIP,
    "status.hostIP": status?.hostIP,
  };
  return fields[fieldPath] ?? "";
}

/** "requests.cpu" or "limits.memory" in units of the divisor, rounded up. */
function readResource(container: Container, resource: string, divisor: string | undefined): string {
  const [section = "", name = ""] = resource.split(".");
  const { requests, limits } = container.resources ?? {};
  // Without a limit a node gives its own capacity; the sandbox's programs read a limit as "none" when it is 0.
  const quantity = (section === "limits" ? limits : (requests ?? limits))?.[name] ?? "0";
  const unit = divisor === undefined || divisor === "0" ? 1 : parseQuantity(divisor);
  return String(Math.ceil(parseQuantity(quantity) / unit));
}

const suffixes: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

export function parseQuantity(text: string): number {
  const match = /^([0-9.]+)([a-zA-Z]*)$/.exec(text);
  const factor = suffixes[match?.[2] ?? ""];
  if (match === null || factor === undefined) throw new Error(`not a quantity: ${text}`);
  return Number(match[1]) * factor;
}
