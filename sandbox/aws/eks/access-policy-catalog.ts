import type { ControlPlane } from "../../kube/types.ts";

const prefix = "arn:aws:eks::aws:cluster-access-policy/";

/**
 * The access policies of EKS, each with the cluster role that stands for it here; those of AWS' own services have none.
 * EKS decides in an authorizer of its own, without objects in the cluster.
 */
const policies: readonly { name: string; clusterRole?: string }[] = [
  { name: "AmazonEKSAdminPolicy", clusterRole: "admin" },
  { name: "AmazonEKSAdminViewPolicy", clusterRole: "eks:admin-view" },
  { name: "AmazonEKSAutoNodePolicy" },
  { name: "AmazonEKSBlockStorageClusterPolicy" },
  { name: "AmazonEKSBlockStoragePolicy" },
  { name: "AmazonEKSClusterAdminPolicy", clusterRole: "cluster-admin" },
  { name: "AmazonEKSClusterInsightsPolicy" },
  { name: "AmazonEKSComputeClusterPolicy" },
  { name: "AmazonEKSComputePolicy" },
  { name: "AmazonEKSEditPolicy", clusterRole: "edit" },
  { name: "AmazonEKSEventPolicy" },
  { name: "AmazonEKSHybridPolicy" },
  { name: "AmazonEKSLoadBalancingClusterPolicy" },
  { name: "AmazonEKSLoadBalancingPolicy" },
  { name: "AmazonEKSNetworkingClusterPolicy" },
  { name: "AmazonEKSNetworkingPolicy" },
  { name: "AmazonEKSSecretReaderPolicy", clusterRole: "eks:secret-reader" },
  { name: "AmazonEKSViewPolicy", clusterRole: "view" },
];

export const clusterAdminPolicy = `${prefix}AmazonEKSClusterAdminPolicy`;
export const autoNodePolicy = `${prefix}AmazonEKSAutoNodePolicy`;
export const insightsPolicy = `${prefix}AmazonEKSClusterInsightsPolicy`;
export const eventPolicy = `${prefix}AmazonEKSEventPolicy`;

export function accessPolicies(): { name: string; arn: string }[] {
  return policies.map(({ name }) => ({ name, arn: prefix + name }));
}

/** The group that stands for a policy, in the whole cluster or in one namespace. */
export function accessPolicyGroup(policyArn: string, namespace?: string): string {
  const name = policyArn.slice(prefix.length);
  return `eks-access:${name}${namespace === undefined ? "" : `:${namespace}`}`;
}

/** Lets the groups of cluster-wide policies do what the policies say. */
export async function applyAccessBindings(plane: ControlPlane): Promise<void> {
  for (const role of ownRoles) await plane.kube.apply(role);
  for (const { name, clusterRole } of policies) {
    if (clusterRole === undefined) continue;
    await plane.kube.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `eks-access:${name}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole },
      subjects: [groupSubject(`eks-access:${name}`)],
    });
  }
}

/** The same for a policy in one namespace, which must exist. */
export async function applyNamespaceBinding(plane: ControlPlane, policyArn: string, namespace: string): Promise<void> {
  const clusterRole = policies.find(({ name }) => prefix + name === policyArn)?.clusterRole;
  if (clusterRole === undefined) return;
  await plane.kube.apply({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: accessPolicyGroup(policyArn), namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole },
    subjects: [groupSubject(accessPolicyGroup(policyArn, namespace))],
  });
}

function groupSubject(name: string): object {
  return { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name };
}

const ownRoles = [
  clusterRole("eks:admin-view", [
    { apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] },
    { nonResourceURLs: ["*"], verbs: ["get"] },
  ]),
  clusterRole("eks:secret-reader", [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] }]),
];

function clusterRole(name: string, rules: object[]): object {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules };
}
