/**
 * A deployment's configuration as everything inside hubctl sees it, whichever form it was written in
 * (hub.yaml or a Dandihub variables file). Secrets are not part of it.
 */
export interface HubConfig {
  /** The deployment's name: also the EKS cluster's, and part of what is named in AWS. */
  name: string;
  aws: {
    /** Pinned account; undefined until the first install has recorded one in the lock file. */
    accountId?: string;
    region: string;
    /** Of the shared AWS configuration; the environment's own login wins. */
    profile?: string;
    /** ARN of the role that everything is done as, whoever is logged in. */
    assumeRole?: string;
    permissionsBoundary?: string;
    /** IAM path of every role, with leading and trailing slash. */
    rolePath: string;
    /** What the names of all roles and what stands beside them begin with; may be empty. */
    namePrefix: string;
  };
  domain: string;
  /** The Route 53 zone that holds the domain; undefined means whichever does. */
  hostedZone?: { id?: string; name?: string; /** ARN, of another account's role. */ assumeRole?: string };
  certificate: CertificateChoice;
  /** Extra tags on everything. */
  tags: Record<string, string>;
  network: {
    /** The VPC that is made, unless there is one. */
    vpc: {
      cidr: string;
      /** In how many availability zones it has subnets. */
      zones: number;
      nat: "one" | "per-zone";
    };
    existingVpc?: ExistingVpc;
    /** IPv4 ranges that may reach the hub's load balancer. */
    allowFrom: string[];
    /** Whether the load balancer has private addresses only. */
    internal: boolean;
    /** IPv4 ranges that may reach the public API endpoint; with none there is only the private one. */
    apiAccess: string[];
  };
  cluster: {
    /** "1.36"; undefined means the newest that EKS offers at first install, recorded in the lock file. */
    kubernetesVersion?: string;
    supportPolicy: "STANDARD" | "EXTENDED";
    coreNodes: { instanceType: string; min: number; max: number; desired: number; volumeSizeGiB: number };
  };
  storage: {
    home: { type: "efs" };
    sharedFolders: SharedFolder[];
    buckets: Bucket[];
    /** Of homes and shared folders, each day, in a vault of AWS Backup. */
    backups: { enabled: boolean; keepDays: number };
    /** Key of file system, data and secrets: AWS's own, one made for the deployment, or the ARN of one that exists. */
    encryptionKey: string;
  };
  users: {
    /** Upper bound of the users' nodes: of those that all share, and again of each profile's that has its own. */
    maxVcpus: number;
    cpu: Bounds;
    memoryGiB: Bounds;
    environment: Record<string, string>;
    /** Git repositories that nbgitpuller brings up to date in each home when a server starts. */
    pullRepositories: { url: string; branch?: string; folder?: string }[];
    /** Shell commands that run in each server after it has started. */
    postStart?: string;
    /** Files that are put into each server, over what image and home hold. */
    files: { path: string; content: string }[];
  };
  auth: Auth;
  image: Image & {
    /** Resolve the tag to a digest at first install, and keep to it. */
    freeze: boolean;
    pullPolicy: "auto" | "IfNotPresent" | "Always";
  };
  profiles: Profile[];
  culling: {
    enabled: boolean;
    /** A server that does nothing for so long is stopped. */
    idleMinutes: number;
    /** A server is stopped after so long, whatever it does. */
    maxAgeHours?: number;
  };
  /** Shown on the hub's pages. */
  banner?: string;
  hub: {
    /** At first install; recorded in the lock file. */
    chartVersion?: string;
    /** In place of the chart's own, for example with a security fix. */
    image?: Image;
    /** Merged into the chart's values, last: content of the deployment's `values/*.yaml`, already merged in order. */
    values: Record<string, unknown>;
    /** Python by name: content of the deployment's `jupyterhub_config.d/*.py`. */
    extraConfig: Record<string, string>;
  };
}

/**
 * "auto" (one that ACM issues for the deployment), the ARN of an ACM certificate, or one's own: in a Kubernetes secret
 * of the hub's namespace, or in PEM files, by their absolute paths.
 */
type CertificateChoice = string | { secret: string } | { keyFile: string; chainFile: string };

export interface ExistingVpc {
  id: string;
  /** Private subnets with a way out, in at least two zones; the first one's zone is the core nodes'. */
  nodeSubnets: string[];
  loadBalancerSubnets: string[];
}

export interface SharedFolder {
  name: string;
  mountPath: string;
  writers: "everyone" | "admins";
  /** "s3://bucket/prefix" or an https URL (an archive is unpacked); copied once, at first install. */
  fillFrom?: string;
}

/** A bucket that exists; users' servers reach it through Pod Identity. */
interface Bucket {
  name: string;
  /** The hub's, if it is not given. */
  region?: string;
  access: "read" | "read-write";
}

interface Bounds {
  guarantee: number;
  limit: number;
}

/** With a tag, a digest or both; the digest decides. */
export interface Image {
  repository: string;
  tag?: string;
  digest?: string;
}

/** A choice that users have when they start a server; what it does not say is as in `users` and `image`. */
export interface Profile {
  /** Unique; letters, digits and hyphens. Names its node pool and service account. */
  slug: string;
  name: string;
  description: string;
  default: boolean;
  image?: Image;
  cpu?: Bounds;
  memoryGiB?: Bounds;
  /** Instead of cpu and memoryGiB: an equal share of a node of this type, for so many users. */
  fitsPerNode?: { count: number; instanceType: string };
  gpus: number;
  spot: boolean;
  /** EC2 instance types of its nodes; any that fit if the list is empty. */
  instanceTypes: string[];
  environment: Record<string, string>;
  /** IAM role that its servers have instead of the one that reaches `storage.buckets`. */
  roleArn?: string;
}

interface Admission {
  admins: string[];
  allowedUsers: string[];
  allowAll: boolean;
  /** Whether users whom an admin adds on the hub's admin page may log in. */
  allowAddedUsers: boolean;
}

export type Auth = Admission &
  (
    | { method: "github"; /** Or "org:team". */ allowedOrganizations: string[] }
    | { method: "gitlab"; url: string; allowedGroups: string[]; allowedProjectIds: number[] }
    | { method: "google"; hostedDomains: string[] }
    | { method: "globus"; identityProvider?: string; allowedGlobusGroups: string[] }
    | { method: "cilogon"; identityProviders: CILogonProvider[] }
    | { method: "auth0"; auth0Domain: string; usernameClaim: string }
    | { method: "azuread"; tenantId: string; usernameClaim: string }
    | {
        method: "generic-oauth";
        authorizeUrl: string;
        tokenUrl: string;
        userdataUrl: string;
        usernameClaim: string;
        scope: string[];
        /** What the button says: "Sign in with …". */
        loginService: string;
        /** Where the claims hold the user's groups; needed for the two lists. */
        groupsClaim?: string;
        allowedGroups: string[];
        adminGroups: string[];
      }
    | {
        method: "ldap";
        server: string;
        port?: number;
        tls: "on-connect" | "start-tls" | "none";
        /** "uid={username},ou=people,dc=example,dc=org" */
        bindDnTemplates: string[];
        /** Distinguished names. */
        allowedGroups: string[];
      }
    | { method: "shared-password" }
  );

export type LoginMethod = Auth["method"];

export interface CILogonProvider {
  /** Its entity id: "https://idp.example.edu/idp/shibboleth" */
  entityId: string;
  usernameClaim: string;
  /** Is cut off the user's name. */
  stripDomain?: string;
  allowAll: boolean;
}

/** Values that must never appear in argv, logs, state or files. */
export interface Secrets {
  /** Of the OAuth login. */
  clientId?: string;
  clientSecret?: string;
  /** At least 8 characters; users of the shared-password login. */
  userPassword?: string;
  /** At least 32 characters; admins of the shared-password login. */
  adminPassword?: string;
  /** PEM, of one's own certificate in files. */
  certificateKey?: string;
  /** PEM. No secret, but it goes the same way. */
  certificateChain?: string;
}
