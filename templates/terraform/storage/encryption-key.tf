# Data without its key is lost, so the key has no policy but the account's own (the default one), and whoever deletes it
# has as long as AWS gives to think again.
resource "aws_kms_key" "data" {
  count = var.encryption_key == "own" ? 1 : 0

  description             = "Data of the JupyterHub deployment ${var.deployment}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "data" {
  count = var.encryption_key == "own" ? 1 : 0

  name          = "alias/hubctl/${var.deployment}/${var.deployment_id}"
  target_key_id = aws_kms_key.data[0].key_id
}

locals {
  # Null leaves it to each service to use the key that AWS keeps for it.
  key_arn = var.encryption_key == "aws" ? null : var.encryption_key == "own" ? one(aws_kms_key.data[*].arn) : var.encryption_key
}
