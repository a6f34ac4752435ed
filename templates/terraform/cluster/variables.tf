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
  description = "IPv4 range of the VPC. Pods take their addresses from it, too."
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

variable "zones" {
  description = "Names of the availability zones of the subnets; the core nodes are in the first."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 4 && length(distinct(var.zones)) == length(var.zones)
    error_message = "EKS needs subnets in two zones at least; the VPC's range is divided for four at most."
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
