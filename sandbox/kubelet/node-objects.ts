import type { NodeInstance } from "./dependencies.ts";
import { capacityOf } from "./capacity.ts";
import type { Condition } from "./kube-objects.ts";
import type { NodeConfig } from "./node-config.ts";

/** Of images that are not EKS' own. */
const builtKubelet = "v1.36.3-eks-3a10415";

export interface NodeFacts {
  instance: NodeInstance;
  config: NodeConfig;
  /** Undefined for an image that nobody knows. */
  kubeletVersion?: string | undefined;
}

/** The Node as a kubelet registers it; the cloud controller adds and removes what is its own. */
export function nodeObject({ instance, config }: NodeFacts, region: string): object {
  const { arch } = instance.hardware;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: instance.privateDns,
      labels: {
        ...config.labels,
        "beta.kubernetes.io/arch": arch,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch,
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": instance.privateDns,
        "node.kubernetes.io/instance-type": instance.type,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": instance.zone,
      },
      annotations: {
        "alpha.kubernetes.io/provided-node-ip": instance.privateIp,
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
      },
    },
    spec: {
      providerID: `aws:///${instance.zone}/${instance.id}`,
      // The cloud controller takes this one away when it has looked at the instance.
      taints: [
        ...config.taints,
        { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" },
      ],
    },
  };
}

/** The status of a kubelet; conditions apart. */
export function nodeStatus({ instance, config, kubeletVersion }: NodeFacts, gpusUsable: boolean): object {
  return {
    ...capacityOf(instance.hardware, config.maxPods, gpusUsable),
    addresses: [
      { type: "InternalIP", address: instance.privateIp },
      { type: "InternalDNS", address: instance.privateDns },
      { type: "Hostname", address: instance.privateDns },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: instance.hardware.arch,
      bootID: instance.id,
      containerRuntimeVersion: "containerd://2.2.1",
      kernelVersion: "6.18.8-9.213.amzn2023.x86_64",
      kubeProxyVersion: "",
      kubeletVersion: kubeletVersion ?? builtKubelet,
      machineID: instance.id,
      operatingSystem: "linux",
      osImage: "Amazon Linux 2023.10.20261109",
      systemUUID: instance.id,
    },
  };
}

/** A node without its CNI is not ready, as in life. */
export function nodeConditions(networkReady: boolean, now: string, previous: readonly Condition[]): Condition[] {
  const pressure = (type: string, reason: string, message: string): Condition => ({
    type,
    status: "False",
    reason,
    message,
  });
  const ready: Condition = networkReady
    ? { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
    : {
        type: "Ready",
        status: "False",
        reason: "KubeletNotReady",
        message:
          "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
      };
  return [
    pressure("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    pressure("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    pressure("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ready,
  ].map((condition) => {
    const before = previous.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
  });
}

export const csiDrivers = {
  ebs: "ebs.csi.aws.com",
  efs: "efs.csi.aws.com",
} as const;

/** Labels that the node service of the EBS driver brings through the kubelet. */
export function ebsTopology(zone: string): Record<string, string> {
  return { "topology.ebs.csi.aws.com/zone": zone, "topology.kubernetes.io/zone": zone, "kubernetes.io/os": "linux" };
}

/** The CSINode of a node on which the node pods of these drivers run. */
export function csiNodeDrivers(instance: NodeInstance, running: { ebs: boolean; efs: boolean }): object[] {
  return [
    ...(running.ebs
      ? [
          {
            name: csiDrivers.ebs,
            nodeID: instance.id,
            topologyKeys: Object.keys(ebsTopology(instance.zone)),
            // 28 attachments of a Nitro instance, less the root volume and one network interface.
            allocatable: { count: 26 },
          },
        ]
      : []),
    ...(running.efs ? [{ name: csiDrivers.efs, nodeID: instance.id, topologyKeys: null }] : []),
  ];
}
