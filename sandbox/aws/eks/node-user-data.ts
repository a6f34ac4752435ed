import type { Taint } from "@aws-sdk/client-eks";
import { stringify } from "yaml";

export interface NodeUserData {
  cluster: string;
  endpoint: string;
  certificateAuthority: string;
  serviceIpv4Cidr: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  /** The user data of the operator's launch template, which goes first. */
  custom?: string;
}

const boundary = "//";

const effects = {
  NO_SCHEDULE: "NoSchedule",
  NO_EXECUTE: "NoExecute",
  PREFER_NO_SCHEDULE: "PreferNoSchedule",
} as const;

/** The MIME user data that makes an Amazon Linux 2023 instance a node of the cluster. */
export function nodeUserData(options: NodeUserData): string {
  const config = stringify({
    apiVersion: "node.eks.aws/v1alpha1",
    kind: "NodeConfig",
    spec: {
      cluster: {
        name: options.cluster,
        apiServerEndpoint: options.endpoint,
        certificateAuthority: options.certificateAuthority,
        cidr: options.serviceIpv4Cidr,
      },
      kubelet: {
        config: {
          clusterDNS: [dnsAddress(options.serviceIpv4Cidr)],
          ...(options.taints.length === 0 ? {} : { registerWithTaints: options.taints.map(kubeletTaint) }),
        },
        flags: [
          `--node-labels=${Object.entries(options.labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(",")}`,
        ],
      },
    },
  });
  const parts = [...partsOf(options.custom), `Content-Type: application/node.eks.aws\n\n---\n${config}`];
  const body = parts.map((part) => `--${boundary}\n${part.trimEnd()}\n`).join("\n");
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n${body}\n--${boundary}--\n`;
}

export function isMime(userData: string): boolean {
  return /^(MIME-Version|Content-Type):/im.test(userData.slice(0, 300)) && boundaryOf(userData) !== undefined;
}

export function kubeletTaint({ key = "", value, effect }: Taint): { key: string; value?: string; effect: string } {
  return { key, ...(value === undefined ? {} : { value }), effect: effects[effect ?? "NO_SCHEDULE"] };
}

function partsOf(userData: string | undefined): string[] {
  if (userData === undefined) return [];
  const limit = boundaryOf(userData);
  if (limit === undefined) return [];
  return userData
    .replaceAll("\r\n", "\n")
    .split(`--${limit}`)
    .slice(1, -1)
    .map((part) => part.trim());
}

function boundaryOf(userData: string): string | undefined {
  return /boundary="?([^"\r\n;]+)"?/i.exec(userData)?.[1];
}

/** The tenth address of the service network. */
function dnsAddress(cidr: string): string {
  const [network = ""] = cidr.split("/");
  return `${network.split(".").slice(0, 3).join(".")}.10`;
}
