/** What was resolved once, at the first install, and is never resolved again by a rerun. Stored as hub.lock.yaml. */
export interface HubLock {
  /** The hubctl version that wrote the file first. */
  hubctl: string;
  /** The deployment's name: a folder that was copied or renamed is not this deployment. */
  deployment?: string;
  /** Random id of the deployment; the tag `hubctl:id` of everything it owns. */
  id: string;
  account: string;
  region: string;
  /** IAM role or user ARN that installed first; gets the cluster's first access entry. */
  installer: string;
  /** "1.36" */
  kubernetes: string;
  /** EKS add-on name -> version */
  addons: Record<string, string>;
  nodeImage: {
    /** Release version of the managed node group's AMI, "1.36.1-20261110". */
    release: string;
    /** Karpenter's alias of the same image, "al2023@v20261110". */
    alias: string;
  };
  /** Availability zones of the subnets, by zone id ("use2-az1") and name; the first is the core nodes' zone. */
  zones: { id: string; name: string }[];
  /** Helm chart name -> version */
  charts: Record<string, string>;
  /** Image reference ("repository:tag") -> digest, of images that are frozen. */
  images?: Record<string, string>;
  /** ARN of the ACM certificate that was settled on; what the configuration names wins. */
  certificate?: string;
  /** Settings that nobody had set, by path: a newer hubctl with other defaults changes none of them. */
  defaults?: Record<string, string | number | boolean>;
  /** Version of the provider hashicorp/aws. */
  provider: string;
}
