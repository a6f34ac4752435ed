/** What the objects of an add-on depend on, besides its version. */
export interface AddonContext {
  region: string;
  cluster: string;
  /** Cluster IP of kube-dns: the tenth address of the service network. */
  dnsAddress: string;
  configuration: AddonConfiguration;
  serviceAccountRoleArn?: string;
}

interface PlacementConfiguration {
  replicaCount?: number;
  nodeSelector?: Record<string, string>;
  tolerations?: object[];
  affinity?: object;
  resources?: object;
  podAnnotations?: Record<string, string>;
  podLabels?: Record<string, string>;
}

/** The parts of configurationValues that change what is created here; everything else is accepted and has no effect. */
interface AddonConfiguration extends PlacementConfiguration {
  replicas?: number;
  controller?: PlacementConfiguration & { extraVolumeTags?: Record<string, string> };
  node?: PlacementConfiguration;
  defaultStorageClass?: { enabled?: boolean };
  env?: Record<string, string>;
}

export interface WorkloadSpec {
  name: string;
  labels: Record<string, string>;
  serviceAccount: string;
  priorityClass: "system-cluster-critical" | "system-node-critical";
  containers: object[];
  initContainers?: object[];
  volumes?: object[];
  hostNetwork?: boolean;
  tolerations: object[];
  affinity?: object;
  replicas?: number;
  gracePeriodSeconds?: number;
  /** What the operator asked for; wins. */
  placement?: PlacementConfiguration | undefined;
}

export const namespace = "kube-system";

/** DaemonSets of nodes run whatever the taints. */
export const tolerateEverything = [{ operator: "Exists" }];

export const criticalAddons = { key: "CriticalAddonsOnly", operator: "Exists" };

const ordinaryNodes = {
  key: "eks.amazonaws.com/compute-type",
  operator: "NotIn",
  values: ["fargate", "auto", "hybrid"],
};

/** The registry from which EKS' add-ons take their images. */
export function imageOf(region: string, repository: string, tag: string): string {
  return `602401143452.dkr.ecr.${region}.amazonaws.com/eks/${repository}:${tag}`;
}

export function requests(cpu: string, memory?: string, memoryLimit?: string): object {
  return {
    requests: { cpu, ...(memory === undefined ? {} : { memory }) },
    ...(memoryLimit === undefined ? {} : { limits: { memory: memoryLimit } }),
  };
}

function podTemplate(spec: WorkloadSpec): object {
  const { placement } = spec;
  return {
    metadata: {
      labels: { ...spec.labels, ...placement?.podLabels },
      ...(placement?.podAnnotations === undefined ? {} : { annotations: placement.podAnnotations }),
    },
    spec: {
      serviceAccountName: spec.serviceAccount,
      priorityClassName: spec.priorityClass,
      nodeSelector: placement?.nodeSelector ?? { "kubernetes.io/os": "linux" },
      tolerations: placement?.tolerations ?? spec.tolerations,
      affinity: placement?.affinity ?? spec.affinity ?? {},
      terminationGracePeriodSeconds: spec.gracePeriodSeconds ?? 30,
      hostNetwork: spec.hostNetwork ?? false,
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers }),
      containers: spec.containers,
      volumes: spec.volumes ?? [],
    },
  };
}

export function daemonSet(spec: WorkloadSpec): object {
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [ordinaryNodes] }] },
    },
  };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: spec.name, namespace, labels: spec.labels },
    spec: {
      selector: { matchLabels: spec.labels },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: podTemplate({ affinity, ...spec }),
    },
  };
}

export function deployment(spec: WorkloadSpec): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: spec.name, namespace, labels: spec.labels },
    spec: {
      replicas: spec.placement?.replicaCount ?? spec.replicas ?? 2,
      selector: { matchLabels: spec.labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: podTemplate({ affinity: apartFromEachOther(spec.labels), ...spec }),
    },
  };
}

/** Two replicas on two nodes, if there are two. */
function apartFromEachOther(labels: Record<string, string>): object {
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" },
        },
      ],
    },
  };
}

export function serviceAccount(name: string, roleArn?: string): object {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      name,
      namespace,
      ...(roleArn === undefined ? {} : { annotations: { "eks.amazonaws.com/role-arn": roleArn } }),
    },
  };
}

export function disruptionBudget(name: string, matchLabels: Record<string, string>): object {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels } },
  };
}

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

export function rule(group: string, resources: string, verbs: string): Rule {
  return { apiGroups: [group], resources: resources.split(" "), verbs: verbs.split(" ") };
}

/** A ClusterRole and its binding to one service account. */
export function clusterRole(role: string, binding: string, account: string, rules: Rule[]): object[] {
  return [
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: role }, rules },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: binding },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
      roleRef: { kind: "ClusterRole", name: role, apiGroup: "rbac.authorization.k8s.io" },
    },
  ];
}

/** Leader election among the replicas. */
export function leaseRole(role: string, binding: string, account: string): object[] {
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: role, namespace },
      rules: [rule("coordination.k8s.io", "leases", "get watch list delete update create")],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: binding, namespace },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
      roleRef: { kind: "Role", name: role, apiGroup: "rbac.authorization.k8s.io" },
    },
  ];
}
