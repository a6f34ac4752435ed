import { testedVersions } from "../versions.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { corePurpose, purposeLabel } from "./node-purpose.ts";
import type { Release } from "./release.ts";

export const karpenter: Release = {
  name: "karpenter",
  namespace: "kube-system",
  chart: {
    name: "karpenter",
    version: testedVersions.charts.karpenter,
    repository: "oci://public.ecr.aws/karpenter",
  },
  values: ({ config, cluster }: ReleaseInputs) => ({
    // The chart forbids two replicas on one node: more replicas than core nodes would stay pending for ever.
    replicas: Math.min(2, config.cluster.coreNodes.desired),
    // The Pod Identity association names this service account.
    serviceAccount: { create: true, name: "karpenter" },
    nodeSelector: { "kubernetes.io/os": "linux", [purposeLabel]: corePurpose },
    tolerations: [
      { key: "CriticalAddonsOnly", operator: "Exists" },
      { key: "hub.jupyter.org/dedicated", operator: "Equal", value: corePurpose, effect: "NoSchedule" },
    ],
    controller: {
      // Pods are more than one hop away from the instance metadata, where Karpenter would look for it.
      env: [{ name: "AWS_REGION", value: config.aws.region }],
      resources: {
        requests: { cpu: "250m", memory: "1Gi" },
        limits: { memory: "1Gi" },
      },
    },
    settings: {
      clusterName: cluster.cluster_name,
      clusterEndpoint: cluster.cluster_endpoint,
      // Nodes get the image of the version that EKS names, which is what hubctl goes by, too.
      eksControlPlane: true,
      interruptionQueue: cluster.karpenter_queue_name,
    },
  }),
};
