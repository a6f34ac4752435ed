/** What the inventory looks for, in the order in which it is shown. */
export const categories = {
  instances: "Instances",
  "auto-scaling-groups": "Auto scaling groups",
  "launch-templates": "Launch templates",
  volumes: "Volumes",
  snapshots: "Snapshots",
  "load-balancers": "Load balancers",
  "target-groups": "Target groups",
  "network-interfaces": "Network interfaces",
  "elastic-ips": "Elastic IPs",
  "nat-gateways": "NAT gateways",
  vpcs: "VPCs",
  subnets: "Subnets",
  "route-tables": "Route tables",
  gateways: "Internet gateways",
  endpoints: "VPC endpoints",
  "security-groups": "Security groups",
  "security-group-rules": "Security group rules in others' groups",
  "eks-clusters": "EKS clusters",
  "eks-node-groups": "EKS node groups",
  "eks-fargate-profiles": "EKS Fargate profiles",
  "eks-add-ons": "EKS add-ons",
  "eks-access-entries": "EKS access entries",
  "eks-pod-identities": "EKS Pod Identity associations",
  "file-systems": "File systems",
  "mount-targets": "Mount targets",
  "access-points": "Access points",
  "backup-plans": "Backup plans",
  "backup-vaults": "Backup vaults",
  "recovery-points": "Recovery points",
  "log-groups": "Log groups",
  "kms-keys": "KMS keys",
  "kms-aliases": "KMS aliases",
  "iam-roles": "IAM roles",
  "iam-policies": "IAM policies",
  "instance-profiles": "Instance profiles",
  "oidc-providers": "OIDC providers",
  queues: "Queues",
  "event-rules": "Event rules",
  buckets: "Buckets",
  "image-repositories": "Image repositories",
  certificates: "Certificates",
  "dns-records": "Route 53 records",
  secrets: "Secrets",
  parameters: "Parameters",
  "terraform-state": "Terraform state and locks",
  other: "Other tagged resources",
} as const;

export type Category = keyof typeof categories;

export const categoryNames = Object.keys(categories) as Category[];

export type Tags = Readonly<Record<string, string>>;

/** Something that a category's look found and that may be a deployment's; whose it is, is judged later. */
export interface Found {
  category: Category;
  /** Unique in its category; as one would write it in a call to AWS. */
  id: string;
  arn?: string | undefined;
  name?: string | undefined;
  created?: Date | undefined;
  tags: Tags;
  /** Ids of what it is in or hangs on: whose they are, it is too. */
  partOf?: readonly string[];
  /** What is in a deployment's VPC counts as the deployment's only if it also names the cluster. */
  needsName?: boolean;
  /** Goes with the data of what it is part of. */
  sharesStack?: boolean;
  /** Proof other than tags, in words. */
  claim?: { words: string; deployment: string | undefined; ids: readonly string[]; stack?: string };
  /** Known to be used or unused, whoever it belongs to. */
  inUse?: boolean;
  /** It is on its way out already: "deleting", or "deleted on 2026-12-01". */
  going?: { words: string; waits: "minutes" | "days" };
  /** Dollars a month; undefined if that is not known. */
  monthlyCost?: number | undefined;
  /** Whatever its deletion needs to know beside its id. */
  facts?: Readonly<Record<string, string>>;
}

export type State = "live" | "kept-data" | "pending-deletion" | "orphan" | "conflict";

export interface Owner {
  /** The value of hubctl:id; undefined if only hubctl's records tell of the deployment. */
  id: string | undefined;
  deployment: string | undefined;
}

export interface Resource extends Found {
  region: string;
  /** Several if they contradict each other. */
  owners: readonly Owner[];
  /** Why it is believed to belong, in words. */
  evidence: string;
  stack: string | undefined;
  state: State;
}

export const idTag = "hubctl:id";
export const deploymentTag = "hubctl:deployment";
export const stackTag = "hubctl:stack";

/** One that may be deleted is told from all others by both. */
export function keyOf({ category, id }: Pick<Found, "category" | "id">): string {
  return `${category} ${id}`;
}

/** Tags as most services write them. */
export function readTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

export function hasOwnTags(tags: Tags): boolean {
  return idTag in tags || deploymentTag in tags;
}
