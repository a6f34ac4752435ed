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
