import type { FatalFailure, Tool } from "./known-failures.ts";

const all: readonly Tool[] = ["terraform", "helm", "kubectl", "aws"];
const cloud: readonly Tool[] = ["terraform", "aws"];
const kube: readonly Tool[] = ["kubectl", "helm"];
const askForMore = "ask for more in the console under Service Quotas, or free what is not needed, then run it again";

/** Failures that a person must act on. Waiting does not help, so they are never tried again. */
export const fatalFailures: readonly FatalFailure[] = [
  {
    id: "state-not-saved",
    tools: ["terraform"],
    pattern: /Failed to persist state to backend|errored\.tfstate/,
    reason: "Terraform could not save its state and left it in errored.tfstate",
    hint: "log in again, or repair the access to the state bucket, then run it again on this machine: that state is saved first",
  },
  {
    id: "clock-wrong",
    tools: all,
    pattern: /Signature expired: |Signature not yet current: |\bRequestTimeTooSkewed\b/,
    reason: "this machine's clock is wrong",
    hint: "set the clock, then run it again",
    isLogin: true,
  },
  {
    id: "login-expired",
    tools: all,
    pattern:
      /\bExpiredToken(?:Exception)?\b|security token included in the request is expired|(?:SSO session|Token) has expired/,
    reason: "the AWS login has expired",
    hint: "log in again (for example with `aws sso login`), then run it again",
    isLogin: true,
  },
  {
    id: "login-missing",
    tools: all,
    pattern:
      /[Nn]o valid credential sources|\b(?:Credentials|Token)ProviderError\b|failed to refresh cached credentials/,
    reason: "there is no AWS login",
    hint: "log in (for example with `aws sso login`, or set AWS_PROFILE), then run it again",
    isLogin: true,
  },
  {
    id: "login-refused",
    tools: cloud,
    pattern:
      /\b(?:InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId)\b|request signature we calculated does not match/,
    reason: "AWS does not accept the credentials",
    hint: "check the access key, or log in again, then run it again",
    isLogin: true,
  },
  {
    id: "account-being-validated",
    tools: cloud,
    pattern: /\bPendingVerification\b|accessing resources in this region is being validated/,
    reason: "AWS is still validating the account for this region",
    hint: "wait until AWS has sent its mail (minutes, at most 4 hours), then run it again",
  },
  {
    id: "quota-elastic-ip",
    tools: cloud,
    pattern: /\bAddressLimitExceeded\b|maximum number of addresses has been reached/,
    reason: "the account's quota of Elastic IP addresses (L-0263D0A3) is used up",
    hint: askForMore,
  },
  {
    id: "quota-vpc",
    tools: cloud,
    pattern: /\bVpcLimitExceeded\b|maximum number of VPCs has been reached/,
    reason: "the account's quota of VPCs (L-F678F1CE) is used up",
    hint: askForMore,
  },
  {
    id: "quota-vcpu",
    tools: cloud,
    pattern: /\bVcpuLimitExceeded\b|more vCPU capacity than your current vCPU limit/,
    reason: "the account's quota of vCPUs for this family of instances (L-1216C47A for the usual ones) is used up",
    hint: askForMore,
  },
  {
    id: "quota-fleet",
    tools: cloud,
    pattern: /reached your quota for maximum Fleet Requests/,
    reason: "the quota of a new account does not allow this many instances yet",
    hint: "write to AWS support, or start one small instance and wait an hour, then run it again",
  },
  {
    id: "quota",
    tools: cloud,
    pattern: /\b(?!Request|Tag|Client)\w*(?<!Request)(?:LimitExceeded|QuotaExceeded)(?:Exception|Fault)?\b/,
    reason: "a quota of the account is used up",
    hint: askForMore,
  },
  {
    id: "capacity-missing",
    tools: cloud,
    pattern: /\bInsufficientInstanceCapacity\b/,
    reason: "AWS has none of these instances left in this zone, or does not offer them there",
    hint: "choose another instance type, then run it again",
  },
  {
    id: "kubernetes-version-unsupported",
    tools: cloud,
    pattern: /unsupported Kubernetes version/i,
    reason: "EKS does not offer this Kubernetes version",
    hint: "choose one that `aws eks describe-cluster-versions` lists, then run it again",
  },
  {
    id: "zone-unsupported",
    tools: cloud,
    pattern: /\bUnsupportedAvailabilityZone(?:Exception)?\b/,
    reason: "EKS cannot use one of these availability zones",
    hint: "choose other zones, then run it again",
  },
  {
    id: "service-linked-role",
    tools: cloud,
    pattern: /Failed to validate if SLR|CreateServiceLinkedRole/,
    reason: "this login may not look at or create a service-linked role",
    hint: "allow iam:GetRole and iam:CreateServiceLinkedRole, or have an administrator create the role, then run it again",
  },
  {
    id: "permission-missing",
    tools: cloud,
    pattern:
      /\bAccessDenied(?:Exception)?\b|\bUnauthorizedOperation\b|is not authorized to perform|You are not authorized to (?:perform|use)/,
    reason: "this login lacks a permission",
    hint: "have the permission granted that AWS names above, then run it again",
  },
  {
    id: "nodes-do-not-join",
    tools: cloud,
    pattern: /Instances failed to join the kubernetes cluster/,
    reason: "the nodes started but did not reach the cluster",
    hint: "check that the private subnets reach the internet and that nothing changed the nodes' role, then run it again",
  },
  {
    id: "subnet-misconfigured",
    tools: cloud,
    pattern: /\bEc2SubnetInvalidConfiguration\b|do not have access to a default security group/,
    reason: "the nodes' subnets do not allow what EKS needs",
    hint: "correct the subnets or their routes, then run it again",
  },
  {
    id: "name-taken",
    tools: cloud,
    pattern: /\b(?:EntityAlreadyExists|AlreadyExistsException|BucketAlreadyExists)\b/,
    reason: "something of this name exists already and is not part of this deployment's state",
    hint: "find out whose it is; delete it, or choose another name for the deployment, then run it again",
  },
  {
    id: "mount-target-taken",
    tools: cloud,
    pattern: /\bMountTargetConflict\b/,
    reason: "the file system has a mount target in this zone already",
    hint: "delete the mount target that does not belong to this deployment, then run it again",
  },
  {
    id: "bucket-region",
    tools: cloud,
    pattern: /\bBucketRegionError\b|incorrect region, the bucket is not in/,
    reason: "the state bucket is in another region",
    hint: "check the configured region, then run it again",
  },
  {
    id: "state-locked",
    tools: ["terraform"],
    pattern: /Error acquiring the state lock/,
    reason: "another Terraform holds the lock of this stack's state",
    hint: "wait for it to end; if nothing is running any more: cd .hubctl/NAME/terraform/STACK && terraform force-unlock ID, with the ID that Terraform names above",
  },
  {
    id: "cluster-exists",
    tools: ["terraform"],
    pattern: /ResourceInUseException: Cluster already exists with name/,
    reason:
      "the EKS cluster exists, but Terraform's state does not know it: an earlier run lost it, for example in a power failure",
    hint: "give it back to the state: cd .hubctl/NAME/terraform/cluster && terraform import aws_eks_cluster.this NAME, then run it again",
  },
  {
    id: "pods-not-evicted",
    tools: cloud,
    phases: ["apply", "api"],
    pattern: /\bPodEvictionFailure\b/,
    reason: "EKS gave up replacing the core nodes, since a pod may not leave its node; the old nodes stay",
    hint: "find what holds it with kubectl get poddisruptionbudgets --all-namespaces, let it go, then run it again",
  },
  {
    id: "hub-not-ready",
    tools: ["helm"],
    phases: ["install"],
    pattern: /resource Deployment\/\S+\/hub not ready\./,
    reason: "the hub does not get ready",
    hint: "hubctl status tells why; if there was a hub before this update, hubctl update --rollback brings it back, with its database if the chart's version has changed",
  },
  {
    id: "values-refused",
    tools: ["helm"],
    pattern: /values don't meet the specifications of the schema/,
    reason: "the chart does not accept these values",
    hint: "correct the values that the chart names above, then run it again",
  },
  {
    id: "api-removed",
    tools: kube,
    pattern:
      /no matches for kind "\w+" in version "(?:apps|extensions|policy|batch|networking\.k8s\.io)\/v\d+(?:alpha|beta)\d+"/,
    reason: "the chart uses a part of the Kubernetes API that this version does not have any more",
    hint: "use a newer version of the chart, then run it again",
  },
  {
    id: "foreign-object",
    tools: kube,
    pattern: /invalid ownership metadata/,
    reason: "an object of the chart exists already and belongs to something else",
    hint: "delete the object that is named above if nothing needs it, then run it again",
  },
  {
    id: "login-program-missing",
    tools: kube,
    pattern:
      /getting credentials: exec[^]*(?:not found|apiVersion|API version)|invalid apiVersion "client\.authentication/,
    reason: "the kubeconfig's login program cannot be run",
    hint: "run `hubctl kubeconfig` to have it written anew, then run it again",
  },
  {
    id: "tls-intercepted",
    tools: all,
    pattern: /^(?![^]*failed calling webhook)[^]*x509: certificate signed by unknown authority/,
    reason: "something between here and the other side replaces its certificate",
    hint: "take the address out of the TLS inspection of your network, or add its certificate authority to this machine",
  },
];
