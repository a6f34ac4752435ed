/** What becomes of one thing: a resource of Terraform's or an object in Kubernetes. */
export interface ObjectChange {
  action: "create" | "change" | "replace" | "delete";
  /** "aws_eks_cluster", "Deployment" */
  type: string;
  /** Terraform's address, or "Deployment/jupyterhub/hub". */
  what: string;
  /** "was aws_vpc.main", of what has moved. */
  remark?: string;
  /** In AWS; only known of what exists. */
  id?: string;
  attributes: AttributeChange[];
  /** Paths of the attributes that can't be changed in place. */
  forcedBy: string[];
}

/** One attribute that differs; without `before` there was none, without `after` there will be none. */
export interface AttributeChange {
  /** "scaling_config.0.max_size", "spec.template.spec.containers[hub].image" */
  path: string;
  before?: unknown;
  after?: unknown;
  /** Its values are left out. */
  isSecret?: true;
  /** What it will be is known once the change has been made. */
  isUnknown?: true;
}

/** What differs from what the last run left, and was not changed by hubctl. */
export interface Drift {
  type: string;
  what: string;
  id?: string;
  /** `attributes` only of what has changed; `before` is what the last run left, `after` what is there. */
  kind: "changed" | "gone";
  attributes: AttributeChange[];
  /** Whether an update undoes it: makes it what it was, or what the configuration now says. */
  isPutBack: boolean;
}
