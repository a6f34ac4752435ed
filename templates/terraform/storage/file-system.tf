# Users' homes and the shared folders. Mount targets, which need the cluster stack's subnets, are made by hubctl.

resource "aws_efs_file_system" "homes" {
  creation_token  = "${var.deployment}-${var.deployment_id}"
  encrypted       = true
  kms_key_id      = local.key_arn
  throughput_mode = "elastic"

  tags = {
    Name = "${var.deployment}-homes"
  }
}

# With a policy of its own a file system no longer admits anonymous clients. The account itself as principal leaves the
# decision to the policies of its roles, so that this stack needs to know none of them.
resource "aws_efs_file_system_policy" "homes" {
  file_system_id = aws_efs_file_system.homes.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RolesOfTheAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${var.account_id}:root" }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.homes.arn
        Condition = {
          Bool = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        }
      },
      {
        Sid       = "OnlyEncryptedConnections"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.homes.arn
        Condition = {
          Bool = { "aws:SecureTransport" = "false" }
        }
      },
    ]
  })
}

# User and group of every file, whoever the client claims to be: jovyan's in the Jupyter images. So the folders that
# Kubernetes makes for new users belong to them at once.
locals {
  jovyan = {
    uid = 1000
    gid = 100
  }
  hub = {
    uid = 1000
    gid = 1000
  }
}

resource "aws_efs_access_point" "folders" {
  for_each = toset(concat(["home"], var.shared_folders))

  file_system_id = aws_efs_file_system.homes.id

  posix_user {
    uid = local.jovyan.uid
    gid = local.jovyan.gid
  }

  root_directory {
    path = "/${each.key}"

    creation_info {
      owner_uid   = local.jovyan.uid
      owner_gid   = local.jovyan.gid
      permissions = "0755"
    }
  }

  tags = {
    Name = "${var.deployment}-${each.key}"
  }
}

# Copies of the hub's database, for the hub alone: its image's user owns them, and no name of a shared folder begins with
# an underscore, so no user's server can mount what is above them.
resource "aws_efs_access_point" "hub_database" {
  file_system_id = aws_efs_file_system.homes.id

  posix_user {
    uid = local.hub.uid
    gid = local.hub.gid
  }

  root_directory {
    path = "/_hubctl/hub-database"

    creation_info {
      owner_uid   = local.hub.uid
      owner_gid   = local.hub.gid
      permissions = "0700"
    }
  }

  tags = {
    Name = "${var.deployment}-hub-database"
  }
}
