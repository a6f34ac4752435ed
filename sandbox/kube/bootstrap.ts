import type { KubeClient } from "./client.ts";

/** The group that stands for an EKS access policy with the scope "cluster". */
export const accessPolicyGroup = (policy: string) => `eks-access:${policy}`;

/** EKS access policy -> the cluster role with the same rights. */
const accessPolicyRoles = {
  AmazonEKSClusterAdminPolicy: "cluster-admin",
  AmazonEKSAdminPolicy: "admin",
  AmazonEKSAdminViewPolicy: "eks:admin-view",
  AmazonEKSEditPolicy: "edit",
  AmazonEKSViewPolicy: "view",
} as const;

/** What EKS puts into a new cluster before anybody logs in. */
export async function applyBootstrapObjects(kube: KubeClient): Promise<void> {
  for (const object of bootstrapObjects()) await kube.apply(object);
}

export function bootstrapObjects(): object[] {
  return [
    clusterRole("eks:admin-view", [
      { apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] },
      { nonResourceURLs: ["*"], verbs: ["get"] },
    ]),
    clusterRole("eks:node-bootstrapper", [
      {
        apiGroups: ["certificates.k8s.io"],
        resources: ["certificatesigningrequests/selfnodeserver"],
        verbs: ["create"],
      },
    ]),
    binding("eks:node-bootstrapper", "eks:node-bootstrapper", ["system:bootstrappers", "system:nodes"]),
    ...Object.entries(accessPolicyRoles).map(([policy, role]) =>
      binding(`eks-access:${policy}`, role, [accessPolicyGroup(policy)]),
    ),
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
