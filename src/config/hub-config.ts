/**
 * A deployment's configuration as everything inside hubctl sees it, whichever form it was written in
 * (hub.yaml or a Dandihub variables file). Secrets are not part of it.
 */
export interface HubConfig {
  /** The deployment's name: also the EKS cluster's, and the prefix of what is named in AWS. */
  name: string;
  aws: {
    /** Pinned account; undefined until the first install has recorded one in the lock file. */
    accountId?: string;
    region: string;
    permissionsBoundary?: string;
    /** IAM path of every role, with leading and trailing slash. */
    rolePath: string;
    /** Extra tags on everything. */
    tags: Record<string, string>;
  };
  domain: string;
  certificateArn: string;
  network: {
    vpcCidr: string;
    /** IPv4 ranges that may reach the hub's load balancer. */
    allowFrom: string[];
    /** IPv4 ranges that may reach the public API endpoint. */
    apiAccess: string[];
  };
  cluster: {
    /** "1.36"; undefined means the newest that EKS offers at first install, recorded in the lock file. */
    kubernetesVersion?: string;
    supportPolicy: "STANDARD" | "EXTENDED";
    coreNodes: { instanceType: string; min: number; max: number; desired: number; volumeSizeGiB: number };
  };
  users: {
    /** Upper bound of all users' nodes together. */
    maxVcpus: number;
    cpu: { guarantee: number; limit: number };
    memoryGiB: { guarantee: number; limit: number };
  };
  auth: {
    method: "github" | "shared-password";
    admins: string[];
    allowedUsers: string[];
    /** GitHub organisations, or "org:team". */
    allowedOrganizations: string[];
    allowAll: boolean;
  };
  image: { repository: string; tag: string };
}

/** Values that must never appear in argv, logs, state or files. */
export interface Secrets {
  githubClientId?: string;
  githubClientSecret?: string;
  /** At least 8 characters; users of the shared-password login. */
  userPassword?: string;
  /** At least 32 characters; admins of the shared-password login. */
  adminPassword?: string;
}
