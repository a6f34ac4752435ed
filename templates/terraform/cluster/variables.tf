variable "deployment" {
  description = "Name of the deployment; part of the names of what is made for it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){0,31}$", var.deployment)) && length(var.deployment) <= 32
    error_message = "The deployment's name must have at most 32 lower-case letters, digits and single hyphens, and start with a letter."
  }
}

variable "deployment_id" {
  description = "Id that the deployment got at its first install; the tag hubctl:id proves whose a resource is."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{16}$", var.deployment_id))
    error_message = "The deployment's id must be 16 hexadecimal digits."
  }
}

variable "account_id" {
  description = "The only AWS account in which this stack may be applied."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An AWS account id has 12 digits."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must look like us-east-2."
  }
}

variable "tags" {
  description = "Further tags on everything."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(key, "hubctl:") && !startswith(key, "aws:")])
    error_message = "Tags that start with hubctl: or aws: are reserved."
  }
}

variable "role_path" {
  description = "IAM path of every role and instance profile."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.role_path))
    error_message = "An IAM path starts and ends with a slash."
  }
}

variable "name_prefix" {
  description = "What the names of roles, instance profiles, policies, queues, rules, launch templates and security groups begin with."
  type        = string
  default     = ""
  nullable    = false

  # IAM and EventBridge take 64 characters. The id takes 9 and the longest purpose, "-node-reservation", 17.
  validation {
    condition     = can(regex("^([A-Za-z0-9][A-Za-z0-9._-]*)?$", var.name_prefix)) && length(var.name_prefix) + length(var.deployment) <= 38
    error_message = "The prefix may have letters, digits and . _ -, and together with the deployment's name at most 38 characters."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/", var.permissions_boundary))
    error_message = "The permissions boundary must be the ARN of an IAM policy."
  }
}

variable "installer_arn" {
  description = "IAM role or user that may administer the cluster from the start."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+", var.installer_arn))
    error_message = "The installer must be the ARN of an IAM role or user, not of a role's session."
  }
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC that is made. Pods take their addresses from it, too."
  type        = string
  nullable    = false

  validation {
    condition = (
      can(cidrhost(var.vpc_cidr, 0)) &&
      try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 21, false)
    )
    error_message = "The VPC's range must be a /16 to /21."
  }
}

variable "nat" {
  description = "NAT gateways of the VPC that is made: one for all zones, or one per-zone, so that each can do without the others."
  type        = string
  default     = "one"
  nullable    = false

  validation {
    condition     = contains(["one", "per-zone"], var.nat)
    error_message = "NAT gateways: one or per-zone."
  }
}

variable "existing_vpc" {
  description = "A VPC to use instead of making one; its node subnets need a way out. Null for a new one."
  type = object({
    id                    = string
    node_subnets          = list(string)
    load_balancer_subnets = list(string)
  })
  default = null

  validation {
    condition = var.existing_vpc == null || try(
      startswith(var.existing_vpc.id, "vpc-") &&
      length(var.existing_vpc.node_subnets) >= 2 &&
      length(var.existing_vpc.load_balancer_subnets) >= 1 &&
      alltrue([
        for id in concat(var.existing_vpc.node_subnets, var.existing_vpc.load_balancer_subnets) : startswith(id, "subnet-")
      ]) &&
      length(distinct(var.existing_vpc.node_subnets)) == length(var.existing_vpc.node_subnets),
      false,
    )
    error_message = "An existing VPC is given by its id, the ids of two or more subnets for nodes, and of one or more for the load balancer."
  }
}

variable "zones" {
  description = "Names of the availability zones of the nodes' subnets; the core nodes are in the first."
  type        = list(string)
  nullable    = false

  validation {
    condition = (
      length(var.zones) >= 2 && length(distinct(var.zones)) == length(var.zones) &&
      (length(var.zones) <= 4 || var.existing_vpc != null)
    )
    error_message = "EKS needs subnets in two zones at least; a new VPC's range is divided for four at most."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version))
    error_message = "The version must be a minor like 1.36."
  }
}

variable "support_policy" {
  description = "What happens at the end of standard support: STANDARD upgrades the cluster, EXTENDED keeps it at six times the price."
  type        = string
  default     = "STANDARD"
  nullable    = false

  validation {
    condition     = contains(["STANDARD", "EXTENDED"], var.support_policy)
    error_message = "The support policy must be STANDARD or EXTENDED."
  }
}

variable "api_access_cidrs" {
  description = "IPv4 ranges that may reach the public API endpoint; with none there is only the private one."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for range in var.api_access_cidrs : can(cidrhost(range, 0))])
    error_message = "Each entry must be an IPv4 range like 192.0.2.0/24."
  }
}

variable "addon_versions" {
  description = "Version of every EKS add-on."
  type = object({
    vpc-cni                = string
    kube-proxy             = string
    eks-pod-identity-agent = string
    coredns                = string
    aws-ebs-csi-driver     = string
    aws-efs-csi-driver     = string
    metrics-server         = string
  })
  nullable = false
}

variable "core_nodes" {
  description = "The node group on which the hub, its proxy and the controllers run."
  type = object({
    instance_type   = string
    min             = number
    max             = number
    desired         = number
    volume_size_gib = number
    release_version = string
  })
  nullable = false

  validation {
    condition = (
      var.core_nodes.min >= 1 &&
      var.core_nodes.desired >= var.core_nodes.min &&
      var.core_nodes.max >= var.core_nodes.desired
    )
    error_message = "The core nodes' numbers must be in the order 1 <= min <= desired <= max."
  }

  validation {
    condition     = var.core_nodes.volume_size_gib >= 20
    error_message = "The image of the core nodes needs a volume of 20 GiB at least."
  }
}

variable "encryption_key" {
  description = "Key of the hub's volumes: aws for AWS' own, own for the one that the stack storage makes, or the ARN of a KMS key. The disks of nodes, which hold no data, always have AWS' own."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "own"], var.encryption_key) || can(regex("^arn:aws[a-z-]*:kms:${var.region}:[0-9]{12}:key/", var.encryption_key))
    error_message = "The encryption key must be aws, own, or the ARN of a KMS key of this region (not of an alias)."
  }
}

variable "buckets" {
  description = "Buckets that users' servers may reach, by name: read or read-write."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for access in values(var.buckets) : contains(["read", "read-write"], access)])
    error_message = "The access to a bucket must be read or read-write."
  }
}

variable "fill_buckets" {
  description = "Names of the buckets that shared folders are filled from."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "profile_roles" {
  description = "ARN of the IAM role of a profile's servers, by the profile's slug; for profiles that don't have the role that reaches the buckets. It must trust pods.eks.amazonaws.com."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for arn in values(var.profile_roles) : can(regex("^arn:aws[a-z-]*:iam::${var.account_id}:role/.+", arn))
    ])
    error_message = "The role of a profile must be the ARN of an IAM role in the account ${var.account_id}: Pod Identity takes no others."
  }
}

variable "spot" {
  description = "Whether any profile has spot instances."
  type        = bool
  default     = false
  nullable    = false
}
