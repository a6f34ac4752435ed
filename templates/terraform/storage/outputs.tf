output "file_system_id" {
  description = "EFS file system of homes and shared folders."
  value       = aws_efs_file_system.homes.id

  # Whoever mounts it may rely on its policy.
  depends_on = [aws_efs_file_system_policy.homes]
}

output "home_access_point_id" {
  description = "EFS access point of the users' homes."
  value       = aws_efs_access_point.folders["home"].id
}

output "shared_access_point_ids" {
  description = "EFS access points of the shared folders, by the folder's name."
  value       = { for name in var.shared_folders : name => aws_efs_access_point.folders[name].id }
}

output "hub_database_access_point_id" {
  description = "EFS access point of the copies of the hub's database."
  value       = aws_efs_access_point.hub_database.id
}

output "encryption_key_arn" {
  description = "KMS key of the data; null when AWS' own keys are used."
  value       = local.key_arn
}

output "generated_secret_arn" {
  description = "Secrets Manager secret that holds the generated values."
  value       = aws_secretsmanager_secret.generated.arn
}

output "file_system_arn" {
  description = "ARN of the file system of homes and shared folders."
  value       = aws_efs_file_system.homes.arn
}

output "backup_vault_name" {
  description = "AWS Backup vault of homes and shared folders."
  value       = aws_backup_vault.homes.name
}

output "backup_role_arn" {
  description = "IAM role as which AWS Backup reads and writes the file system."
  value       = aws_iam_role.backup.arn

  # Whoever uses it needs its rights.
  depends_on = [aws_iam_role_policy_attachment.backup]
}
