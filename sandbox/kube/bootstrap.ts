import type { KubeClient } from "./client.ts";

/** What EKS puts into a new cluster before anybody logs in, but for the access policies, which its simulation adds. */
export async function applyBootstrapObjects(kube: KubeClient): Promise<void> {
  for (const object of bootstrapObjects()) await kube.apply(object);
}

function bootstrapObjects(): object[] {
  return [
    clusterRole("eks:node-bootstrapper", [
      {
        apiGroups: ["certificates.k8s.io"],
        resources: ["certificatesigningrequests/selfnodeserver"],
        verbs: ["create"],
      },
    ]),
    binding("eks:node-bootstrapper", "eks:node-bootstrapper", ["system:bootstrappers", "system:nodes"]),
    // EKS still makes this class, whose provisioner is gone from Kubernetes: it never binds.
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "gp2" },
      provisioner: "kubernetes.io/aws-ebs",
      parameters: { type: "gp2", fsType: "ext4" },
      reclaimPolicy: "Delete",
      volumeBindingMode: "WaitForFirstConsumer",
    },
  ];
}

function clusterRole(name: string, rules: readonly object[]): object {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules };
}

function binding(name: string, role: string, groups: readonly string[]): object {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: groups.map((group) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group })),
  };
}
