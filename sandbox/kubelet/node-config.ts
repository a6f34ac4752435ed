import { parse } from "yaml";
import type { Taint } from "./kube-objects.ts";

/** What an instance's user data tells nodeadm and the kubelet. */
export interface NodeConfig {
  cluster: string;
  endpoint: string;
  labels: Record<string, string>;
  taints: Taint[];
  maxPods: number | undefined;
}

interface NodeConfigDocument {
  kind?: string;
  spec?: {
    cluster?: { name?: string; apiServerEndpoint?: string; certificateAuthority?: string; cidr?: string };
    kubelet?: { flags?: string[]; config?: { registerWithTaints?: Taint[] | null; maxPods?: number } };
  };
}

/**
 * Reads the NodeConfig documents of AL2023 user data, MIME multipart or plain YAML. As in nodeadm later documents
 * add to earlier ones, and one without name, endpoint, certificate authority and service network is no NodeConfig.
 */
export function readNodeConfig(userData: string): NodeConfig | undefined {
  const config: NodeConfig = { cluster: "", endpoint: "", labels: {}, taints: [], maxPods: undefined };
  let authority = "";
  let cidr = "";
  for (const text of nodeConfigParts(userData)) {
    const document = parse(text) as NodeConfigDocument | null;
    if (document?.kind !== "NodeConfig") continue;
    const { cluster, kubelet } = document.spec ?? {};
    config.cluster = cluster?.name ?? config.cluster;
    config.endpoint = cluster?.apiServerEndpoint ?? config.endpoint;
    authority = cluster?.certificateAuthority ?? authority;
    cidr = cluster?.cidr ?? cidr;
    config.maxPods = kubelet?.config?.maxPods ?? config.maxPods;
    config.taints.push(...(kubelet?.config?.registerWithTaints ?? []));
    for (const flag of kubelet?.flags ?? []) readFlag(flag, config);
  }
  return [config.cluster, config.endpoint, authority, cidr].includes("") ? undefined : config;
}

function nodeConfigParts(userData: string): string[] {
  const boundary = /^Content-Type:\s*multipart\/mixed;\s*boundary="?([^"\n;]+)"?/im.exec(userData)?.[1];
  if (boundary === undefined) return looksLikeNodeConfig(userData) ? [userData] : [];
  return userData
    .replaceAll("\r\n", "\n")
    .split(`--${boundary}`)
    .slice(1)
    .flatMap((part) => {
      const [head = "", ...body] = part.replace(/^\n/, "").split("\n\n");
      return /^Content-Type:\s*application\/node\.eks\.aws/im.test(head) ? [body.join("\n\n")] : [];
    });
}

function looksLikeNodeConfig(text: string): boolean {
  return /^kind:\s*NodeConfig\s*$/m.test(text);
}

function readFlag(flag: string, config: NodeConfig): void {
  const match = /^--([a-z-]+)=(.*)$/s.exec(flag.trim());
  if (match === null) return;
  const [, name, quoted = ""] = match;
  const value = quoted.replace(/^"(.*)"$/s, "$1");
  if (name === "node-labels") {
    for (const [key = "", label = ""] of value.split(",").map((pair) => pair.split("="))) {
      if (key !== "") config.labels[key] = label;
    }
  }
  if (name === "register-with-taints") config.taints.push(...value.split(",").filter(Boolean).map(readTaint));
  if (name === "max-pods") config.maxPods = Number(value);
}

/** "key=value:Effect" or "key:Effect" */
function readTaint(text: string): Taint {
  const colon = text.lastIndexOf(":");
  const [key = "", value] = text.slice(0, colon).split("=");
  return { key, effect: text.slice(colon + 1), ...(value === undefined || value === "" ? {} : { value }) };
}
