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

variable "shared_folders" {
  description = "Names of the folders that users share."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = (
      alltrue([for name in var.shared_folders : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", name)) && name != "home"]) &&
      length(distinct(var.shared_folders)) == length(var.shared_folders)
    )
    error_message = "A shared folder's name has letters, digits and . _ -, at most 63, and there is one of each; home is for the users' homes."
  }
}

variable "encryption_key" {
  description = "Key of file system and generated secret: aws for AWS' own, own for one that is made, or the ARN of a KMS key. A file system keeps its key for life."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "own"], var.encryption_key) || can(regex("^arn:aws[a-z-]*:kms:${var.region}:[0-9]{12}:key/", var.encryption_key))
    error_message = "The encryption key must be aws, own, or the ARN of a KMS key of this region (not of an alias)."
  }
}

variable "backups" {
  description = "Whether homes and shared folders are backed up each day, and for how many days a recovery point is kept. Without it, those that are there stay."
  type        = object({ enabled = bool, keep_days = number })
  default     = { enabled = true, keep_days = 30 }
  nullable    = false

  validation {
    condition     = var.backups.keep_days >= 1 && var.backups.keep_days <= 36500 && floor(var.backups.keep_days) == var.backups.keep_days
    error_message = "Recovery points are kept for 1 to 36500 days."
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
  description = "What the name of the role begins with; as in the stack cluster."
  type        = string
  default     = ""
  nullable    = false

  # As in the stack cluster, whose names are longer.
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
