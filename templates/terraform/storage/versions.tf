# Where the state is, and the provider's version that a deployment recorded, hubctl says in an override file.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.tags
  }
}

data "aws_partition" "current" {}

locals {
  # The user's tags come first, so that they can't hide whose resource it is.
  tags = merge(var.tags, {
    "hubctl:deployment" = var.deployment
    "hubctl:id"         = var.deployment_id
    "hubctl:stack"      = "storage"
  })

  # As in the stack cluster: IAM names are the account's, not the region's.
  prefix = "${var.name_prefix}${var.deployment}-${substr(var.deployment_id, 0, 8)}"
}
