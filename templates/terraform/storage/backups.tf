# Recovery points of homes and shared folders. Not the file system's automatic backups: the policy of their vault refuses
# deletion, and they would outlive everything else.

resource "aws_iam_role" "backup" {
  name                 = "${local.prefix}-backup"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "AWS Backup of the homes of the JupyterHub deployment ${var.deployment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])

  role       = aws_iam_role.backup.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/${each.key}"
}

resource "aws_backup_vault" "homes" {
  name        = "${var.deployment}-${var.deployment_id}"
  kms_key_arn = local.key_arn

  # Whoever destroys this stack has agreed to the loss of the data by the deployment's name.
  force_destroy = true

  # Recovery points whose role is gone can't be deleted, so the vault goes first.
  depends_on = [aws_iam_role_policy_attachment.backup]
}

resource "aws_backup_plan" "homes" {
  count = var.backups.enabled ? 1 : 0

  name = aws_backup_vault.homes.name

  rule {
    rule_name           = "daily"
    target_vault_name   = aws_backup_vault.homes.name
    schedule            = "cron(23 3 ? * * *)"
    recovery_point_tags = local.tags

    lifecycle {
      delete_after = var.backups.keep_days
    }
  }
}

resource "aws_backup_selection" "homes" {
  count = var.backups.enabled ? 1 : 0

  name         = "homes"
  plan_id      = aws_backup_plan.homes[0].id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [aws_efs_file_system.homes.arn]
}
