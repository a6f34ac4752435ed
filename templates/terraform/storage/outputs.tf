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
