/** An add-on of EKS: its versions by Kubernetes minor, and what is known of its pods. */
export interface AddonDefinition {
  name: string;
  type: string;
  owner: "aws" | "community";
  namespace: string;
  /** Newest first; the first that fits a minor is not always its default. */
  versions: readonly AddonVersion[];
  /** Whether configurationValues may be given, by name of the top-level members and their JSON types. */
  configuration: Readonly<Record<string, "array" | "boolean" | "integer" | "object" | "string">>;
  /** Service accounts that need a role, with the policies that AWS recommends for them. */
  serviceAccounts: readonly { name: string; policies: readonly string[] }[];
  computeTypes: readonly string[];
}

interface AddonVersion {
  version: string;
  minors: readonly string[];
  /** Minors for which it is what CreateAddon takes when no version is given. */
  defaultFor: readonly string[];
}

const all = ["1.33", "1.34", "1.35", "1.36"];
const compute = ["ec2", "auto", "hybrid"];

/** A version for every minor, preceded by newer ones that are not the default yet. */
function sharedVersions(defaultVersion: string, { newer = [], older = [] }: { newer?: string[]; older?: string[] }) {
  return [
    ...newer.map((version) => ({ version, minors: all, defaultFor: [] })),
    { version: defaultVersion, minors: all, defaultFor: all },
    ...older.map((version) => ({ version, minors: all, defaultFor: [] })),
  ];
}

/** Plausible for the day that versions.ts names. */
export const addonDefinitions: readonly AddonDefinition[] = [
  {
    name: "vpc-cni",
    type: "networking",
    owner: "aws",
    namespace: "kube-system",
    versions: sharedVersions("v1.23.0-eksbuild.1", {
      newer: ["v1.23.1-eksbuild.1"],
      older: ["v1.22.3-eksbuild.2", "v1.21.1-eksbuild.8"],
    }),
    configuration: {
      affinity: "object",
      enableNetworkPolicy: "string",
      enableWindowsIpam: "string",
      enableWindowsPrefixDelegation: "string",
      env: "object",
      eniConfig: "object",
      init: "object",
      livenessProbeTimeoutSeconds: "integer",
      nodeAgent: "object",
      podAnnotations: "object",
      podLabels: "object",
      readinessProbeTimeoutSeconds: "integer",
      resources: "object",
      tolerations: "array",
    },
    serviceAccounts: [{ name: "aws-node", policies: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"] }],
    computeTypes: ["ec2"],
  },
  {
    name: "kube-proxy",
    type: "networking",
    owner: "aws",
    namespace: "kube-system",
    versions: [
      { version: "v1.36.1-eksbuild.4", minors: ["1.36"], defaultFor: ["1.36"] },
      { version: "v1.36.0-eksbuild.2", minors: ["1.36"], defaultFor: [] },
      { version: "v1.35.5-eksbuild.3", minors: ["1.35", "1.36"], defaultFor: ["1.35"] },
      { version: "v1.34.8-eksbuild.2", minors: ["1.34", "1.35", "1.36"], defaultFor: ["1.34"] },
      { version: "v1.33.12-eksbuild.2", minors: ["1.33", "1.34", "1.35", "1.36"], defaultFor: ["1.33"] },
    ],
    configuration: {
      ipvs: "object",
      mode: "string",
      podAnnotations: "object",
      podLabels: "object",
      resources: "object",
      tolerations: "array",
    },
    serviceAccounts: [],
    computeTypes: ["ec2", "hybrid"],
  },
  {
    name: "coredns",
    type: "networking",
    owner: "aws",
    namespace: "kube-system",
    versions: [
      { version: "v1.14.2-eksbuild.3", minors: ["1.35", "1.36"], defaultFor: ["1.36"] },
      { version: "v1.13.2-eksbuild.6", minors: ["1.34", "1.35", "1.36"], defaultFor: ["1.35"] },
      { version: "v1.12.4-eksbuild.10", minors: ["1.33", "1.34", "1.35"], defaultFor: ["1.34"] },
      { version: "v1.12.1-eksbuild.17", minors: ["1.33", "1.34"], defaultFor: ["1.33"] },
    ],
    configuration: {
      affinity: "object",
      autoScaling: "object",
      computeType: "string",
      corefile: "string",
      nodeSelector: "object",
      podAnnotations: "object",
      podDisruptionBudget: "object",
      podLabels: "object",
      replicaCount: "integer",
      resources: "object",
      tolerations: "array",
      topologySpreadConstraints: "array",
    },
    serviceAccounts: [],
    computeTypes: ["ec2", "fargate", "hybrid"],
  },
  {
    name: "eks-pod-identity-agent",
    type: "security",
    owner: "aws",
    namespace: "kube-system",
    versions: sharedVersions("v1.3.12-eksbuild.2", { older: ["v1.3.10-eksbuild.2", "v1.3.9-eksbuild.5"] }),
    configuration: {
      agent: "object",
      affinity: "object",
      daemonsets: "object",
      podAnnotations: "object",
      podLabels: "object",
      resources: "object",
      tolerations: "array",
    },
    serviceAccounts: [],
    computeTypes: ["ec2", "hybrid"],
  },
  {
    name: "aws-ebs-csi-driver",
    type: "storage",
    owner: "aws",
    namespace: "kube-system",
    versions: sharedVersions("v1.62.0-eksbuild.1", {
      newer: ["v1.63.0-eksbuild.1"],
      older: ["v1.61.1-eksbuild.1", "v1.54.0-eksbuild.1"],
    }),
    configuration: {
      controller: "object",
      customLabels: "object",
      defaultStorageClass: "object",
      node: "object",
      nodeComponentOnly: "boolean",
      podIdentityAssociations: "array",
      sidecars: "object",
      snapshotter: "object",
    },
    serviceAccounts: [
      {
        name: "ebs-csi-controller-sa",
        policies: ["arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicyV2"],
      },
    ],
    computeTypes: compute,
  },
  {
    name: "aws-efs-csi-driver",
    type: "storage",
    owner: "aws",
    namespace: "kube-system",
    versions: sharedVersions("v3.2.0-eksbuild.1", { older: ["v3.1.0-eksbuild.1", "v2.3.1-eksbuild.2"] }),
    configuration: { controller: "object", node: "object", sidecars: "object", useFIPS: "boolean" },
    serviceAccounts: [
      { name: "efs-csi-controller-sa", policies: ["arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"] },
    ],
    computeTypes: compute,
  },
  {
    name: "metrics-server",
    type: "observability",
    owner: "community",
    namespace: "kube-system",
    versions: sharedVersions("v0.8.1-eksbuild.4", { older: ["v0.8.0-eksbuild.6"] }),
    configuration: {
      addonResizer: "object",
      affinity: "object",
      args: "array",
      metrics: "object",
      nodeSelector: "object",
      podAnnotations: "object",
      podDisruptionBudget: "object",
      podLabels: "object",
      replicas: "integer",
      resources: "object",
      tolerations: "array",
      topologySpreadConstraints: "array",
      updateStrategy: "object",
    },
    serviceAccounts: [],
    computeTypes: compute,
  },
  {
    name: "snapshot-controller",
    type: "storage",
    owner: "aws",
    namespace: "kube-system",
    versions: sharedVersions("v8.5.0-eksbuild.2", { older: ["v8.3.0-eksbuild.1"] }),
    configuration: {
      affinity: "object",
      nodeSelector: "object",
      podAnnotations: "object",
      podLabels: "object",
      replicaCount: "integer",
      resources: "object",
      tolerations: "array",
    },
    serviceAccounts: [],
    computeTypes: compute,
  },
  {
    name: "eks-node-monitoring-agent",
    type: "observability",
    owner: "aws",
    namespace: "kube-system",
    versions: sharedVersions("v1.7.0-eksbuild.1", { older: ["v1.6.3-eksbuild.1"] }),
    configuration: {
      dcgmAgent: "object",
      monitoringAgent: "object",
      podAnnotations: "object",
      podLabels: "object",
      tolerations: "array",
    },
    serviceAccounts: [],
    computeTypes: ["ec2"],
  },
];

export function findAddon(name: string): AddonDefinition | undefined {
  return addonDefinitions.find((definition) => definition.name === name);
}

export function defaultAddonVersion(definition: AddonDefinition, minor: string): string | undefined {
  return definition.versions.find(({ defaultFor }) => defaultFor.includes(minor))?.version;
}

/** The JSON schema that DescribeAddonConfiguration answers and configurationValues are checked against. */
export function configurationSchema(definition: AddonDefinition): object {
  return {
    $schema: "http://json-schema.org/draft-06/schema#",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(definition.configuration).map(([name, type]) => [name, { type }])),
  };
}
