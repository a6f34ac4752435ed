mock_provider "aws" {
  source = "./mocks"
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
  variables {
    shared_folders = ["shared", "tutorial-data"]
  }

  assert {
    condition     = { for name, point in aws_efs_access_point.folders : name => point.root_directory[0].path } == { home = "/home", shared = "/shared", "tutorial-data" = "/tutorial-data" }
    error_message = "There must be one access point for homes and one for each shared folder."
  }

  assert {
    condition     = keys(output.shared_access_point_ids) == ["shared", "tutorial-data"]
    error_message = "The shared folders must be found by their names."
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

run "only_the_hub_reaches_the_copies_of_its_database" {
  assert {
    # Below no folder that can be shared: names of those begin with a letter or a digit.
    condition     = aws_efs_access_point.hub_database.root_directory[0].path == "/_hubctl/hub-database"
    error_message = "The copies must lie beside the users' folders, not in one of them."
  }

  assert {
    condition = (
      aws_efs_access_point.hub_database.posix_user[0].uid == 1000 &&
      aws_efs_access_point.hub_database.root_directory[0].creation_info[0].owner_uid == 1000 &&
      aws_efs_access_point.hub_database.root_directory[0].creation_info[0].permissions == "0700"
    )
    error_message = "The copies must belong to the user of the hub's image, and to nobody else."
  }

  assert {
    condition     = output.hub_database_access_point_id == aws_efs_access_point.hub_database.id
    error_message = "The access point must be told."
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

run "without_a_wish_the_keys_are_the_services_own" {
  command = plan

  assert {
    condition     = length(aws_kms_key.data) == 0 && length(aws_kms_alias.data) == 0 && output.encryption_key_arn == null
    error_message = "No key may be made that nobody asked for."
  }
}

run "an_own_key_encrypts_all_data" {
  variables {
    encryption_key = "own"
  }

  assert {
    condition     = aws_kms_key.data[0].enable_key_rotation && aws_kms_key.data[0].deletion_window_in_days == 30
    error_message = "The key must be rotated, and be hard to lose."
  }

  assert {
    condition     = aws_kms_alias.data[0].name == "alias/hubctl/dandihub/0123456789abcdef" && aws_kms_alias.data[0].target_key_id == aws_kms_key.data[0].key_id
    error_message = "The key must be found by deployment and id."
  }

  assert {
    condition = alltrue([
      for key in [aws_efs_file_system.homes.kms_key_id, aws_secretsmanager_secret.generated.kms_key_id, output.encryption_key_arn] :
      key == aws_kms_key.data[0].arn
    ])
    error_message = "File system and secret must have the key."
  }
}

run "a_key_that_exists_is_used_as_it_is" {
  command = plan

  variables {
    encryption_key = "arn:aws:kms:us-east-2:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = (
      length(aws_kms_key.data) == 0 &&
      aws_efs_file_system.homes.kms_key_id == var.encryption_key && output.encryption_key_arn == var.encryption_key
    )
    error_message = "The given key must be used, and no other one made."
  }
}

run "no_folder_takes_the_homes_place" {
  command = plan

  variables {
    shared_folders = ["home"]
  }

  expect_failures = [var.shared_folders]
}

run "a_key_of_another_region_is_refused" {
  command = plan

  variables {
    encryption_key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  expect_failures = [var.encryption_key]
}

run "homes_are_backed_up_in_a_vault_of_their_own" {
  assert {
    condition = (
      aws_backup_vault.homes.name == "dandihub-0123456789abcdef" &&
      one(aws_backup_plan.homes[0].rule).target_vault_name == aws_backup_vault.homes.name
    )
    error_message = "The plan must put recovery points into the deployment's own vault."
  }

  assert {
    condition     = one(aws_backup_plan.homes[0].rule).lifecycle[0].delete_after == 30
    error_message = "Recovery points must not be kept for ever unless somebody says so."
  }

  assert {
    condition     = aws_backup_selection.homes[0].resources == toset([aws_efs_file_system.homes.arn])
    error_message = "Nothing but the deployment's file system may be backed up."
  }

  assert {
    condition     = one(aws_backup_plan.homes[0].rule).recovery_point_tags["hubctl:id"] == "0123456789abcdef"
    error_message = "Recovery points must tell whose they are."
  }
}

run "backups_can_be_left_out" {
  variables {
    backups = { enabled = false, keep_days = 30 }
  }

  assert {
    condition     = length(aws_backup_plan.homes) == 0 && length(aws_backup_selection.homes) == 0
    error_message = "Without daily backups there must be no plan."
  }

  assert {
    condition     = aws_backup_vault.homes.name == "dandihub-0123456789abcdef"
    error_message = "The vault must stay: it may hold recovery points, and further ones can be asked for."
  }
}

run "recovery_points_are_kept_for_whole_days" {
  command = plan

  variables {
    backups = { enabled = true, keep_days = 0 }
  }

  expect_failures = [var.backups]
}
