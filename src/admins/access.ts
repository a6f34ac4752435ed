/** What somebody may do in a cluster. */
const accessLevels = ["admin", "edit", "view"] as const;
export type AccessLevel = (typeof accessLevels)[number];

export interface Access {
  level: AccessLevel;
  /** Undefined: everywhere. */
  namespaces: readonly string[] | undefined;
}

/** The group that may do everything, in every cluster. */
export const mastersGroup = "system:masters";

const everywhere = "AmazonEKSClusterAdminPolicy";
const policyNames: Record<AccessLevel, string> = {
  admin: "AmazonEKSAdminPolicy",
  edit: "AmazonEKSEditPolicy",
  view: "AmazonEKSViewPolicy",
};

/** https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html */
export function policyOf({ level, namespaces }: Access, partition: string): string {
  const name = level === "admin" && namespaces === undefined ? everywhere : policyNames[level];
  return `arn:${partition}:eks::aws:cluster-access-policy/${name}`;
}

/** What a policy gives; undefined for those that are no administrator's business. */
export function levelOfPolicy(policyArn: string): AccessLevel | undefined {
  const name = policyArn.split("/").at(-1);
  if (name === everywhere) return "admin";
  return accessLevels.find((level) => policyNames[level] === name);
}

/** Only this one is administrator of the cluster itself; the other "admin" may not touch nodes or aws-auth's like. */
export function isClusterAdminPolicy(policyArn: string): boolean {
  return policyArn.endsWith(`/${everywhere}`);
}

/** The groups of aws-auth that stand for an access; all but system:masters need a binding of their own. */
export function groupsOf({ level, namespaces }: Access): string[] {
  if (namespaces !== undefined) return namespaces.map((namespace) => `hubctl:${level}:${namespace}`);
  return [level === "admin" ? mastersGroup : `hubctl:${level}`];
}

/** The bindings that give hubctl's own groups their rights. */
export function bindingsOf({ level, namespaces }: Access): { path: string; object: object }[] {
  if (namespaces === undefined && level === "admin") return [];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: level };
  const bind = (kind: string, group: string, folder: string, namespace?: string) => ({
    path: `/apis/rbac.authorization.k8s.io/v1/${folder}`,
    object: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind,
      metadata: { name: group, ...(namespace === undefined ? {} : { namespace }) },
      roleRef,
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
    },
  });
  if (namespaces === undefined) return [bind("ClusterRoleBinding", `hubctl:${level}`, "clusterrolebindings")];
  return namespaces.map((namespace) =>
    bind("RoleBinding", `hubctl:${level}:${namespace}`, `namespaces/${namespace}/rolebindings`, namespace),
  );
}

/** "admin", "edit in demo, staging" */
export function describeAccess({ level, namespaces }: Access): string {
  return namespaces === undefined ? level : `${level} in ${namespaces.join(", ")}`;
}
