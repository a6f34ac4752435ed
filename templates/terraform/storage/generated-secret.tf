# Holds what hubctl generates once (cookie secret, keys of auth state). The value is written through the AWS API, so
# that it is never part of the state.
resource "aws_secretsmanager_secret" "generated" {
  name                    = "hubctl/${var.deployment}/${var.deployment_id}"
  description             = "Generated secrets of the JupyterHub deployment ${var.deployment}"
  kms_key_id              = local.key_arn
  recovery_window_in_days = 7
}
