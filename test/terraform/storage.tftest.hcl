mock_provider "aws" {
  mock_resource "aws_efs_file_system" {
    defaults = {
      id  = "fs-0123456789abcdef0"
      arn = "arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-0123456789abcdef0"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  deployment    = "dandihub"
  deployment_id = "0123456789abcdef"
  account_id    = "123456789012"
  region        = "us-east-2"
  tags          = { project = "archive" }
}

run "file_system_is_closed_to_strangers" {
  assert {
    condition     = aws_efs_file_system.homes.encrypted
    error_message = "The file system must be encrypted."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_efs_file_system_policy.homes.policy).Statement :
      statement.Effect == "Deny" || statement.Principal.AWS == "arn:aws:iam::123456789012:root"
    ])
    error_message = "Nobody but the account's own roles may be allowed in: a client without credentials is anonymous."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_efs_file_system_policy.homes.policy).Statement :
      statement.Effect == "Deny" && statement.Principal.AWS == "*" && statement.Action == "*" &&
      statement.Condition == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Connections without TLS must be denied."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_efs_file_system_policy.homes.policy).Statement :
      statement.Effect == "Deny" || !contains(flatten([statement.Action]), "elasticfilesystem:ClientRootAccess")
    ])
    error_message = "Nobody may be root on the file system."
  }
}

run "folders_belong_to_jovyan" {
  assert {
    condition     = { for name, point in aws_efs_access_point.folders : name => point.root_directory[0].path } == { home = "/home", shared = "/shared" }
    error_message = "There must be one access point for homes and one for the shared folder."
  }

  assert {
    condition = alltrue([
      for point in aws_efs_access_point.folders :
      point.posix_user[0].uid == 1000 && point.posix_user[0].gid == 100 &&
      point.root_directory[0].creation_info[0].owner_uid == 1000 &&
      point.root_directory[0].creation_info[0].owner_gid == 100 &&
      point.root_directory[0].creation_info[0].permissions == "0755"
    ])
    error_message = "What is made through the access points must belong to the user of the Jupyter images."
  }
}

run "users_tags_cannot_claim_ownership" {
  command = plan

  variables {
    tags = { "hubctl:id" = "fedcba9876543210" }
  }

  expect_failures = [var.tags]
}

run "bad_names_are_refused" {
  command = plan

  variables {
    deployment = "Dandi_Hub"
  }

  expect_failures = [var.deployment]
}
