mock_provider "aws" {
  source = "./mocks"
}

run "roles_obey_the_account" {
  variables {
    name_prefix  = "inst-"
    buckets      = { archive = "read" }
    fill_buckets = ["tutorials"]
  }

  assert {
    condition = alltrue([
      for role in concat(
        [aws_iam_role.cluster, aws_iam_role.core_node, aws_iam_role.user_node, aws_iam_role.karpenter],
        values(aws_iam_role.driver),
        values(aws_iam_role.bucket_reader),
      ) :
      role.path == "/hubs/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" &&
      startswith(role.name, "inst-dandihub-01234567-") && length(role.name) <= 64
    ])
    error_message = "Every role must have the path, the boundary and the prefix, and a name that IAM takes."
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for rule in aws_cloudwatch_event_rule.interruption : rule.name],
        [aws_iam_instance_profile.user_node.name, aws_launch_template.core.name, aws_security_group.efs.name, aws_sqs_queue.karpenter.name],
      ) : startswith(name, "inst-dandihub-01234567-")
    ])
    error_message = "What stands beside the roles must have the prefix, too."
  }

  assert {
    condition     = aws_iam_instance_profile.user_node.path == "/hubs/"
    error_message = "The instance profile must have the path, too."
  }

  assert {
    condition = alltrue([
      for role in concat([aws_iam_role.karpenter], values(aws_iam_role.driver), values(aws_iam_role.bucket_reader)) :
      jsondecode(role.assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] ==
      "arn:aws:eks:us-east-2:123456789012:cluster/dandihub"
    ])
    error_message = "Only pods of this cluster may take the roles of pods."
  }
}

run "the_longest_name_fits" {
  command = plan

  variables {
    name_prefix  = "prefix"
    deployment   = "a-name-of-thirty-two-characters0"
    buckets      = { archive = "read" }
    fill_buckets = ["tutorials"]
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for role in concat(values(aws_iam_role.driver), values(aws_iam_role.bucket_reader)) : role.name],
        [aws_iam_role.karpenter.name, aws_iam_role.core_node.name, aws_iam_instance_profile.user_node.name],
        [for rule in aws_cloudwatch_event_rule.interruption : rule.name],
      ) : length(name) <= 64
    ])
    error_message = "IAM and EventBridge take names of at most 64 characters."
  }
}

run "a_longer_prefix_is_refused" {
  command = plan

  variables {
    name_prefix = "prefix-"
    deployment  = "a-name-of-thirty-two-characters0"
  }

  expect_failures = [var.name_prefix]
}

run "without_buckets_users_have_no_role" {
  command = plan

  assert {
    condition     = length(aws_iam_role.bucket_reader) + length(aws_eks_pod_identity_association.bucket_reader) + length(aws_eks_pod_identity_association.profile) == 0
    error_message = "Nobody may have a role that needs none."
  }

  assert {
    condition     = length(aws_iam_role_policy.ebs_csi_key) == 0
    error_message = "The volumes' driver may use no keys of the account."
  }
}

run "users_reach_the_buckets_that_were_named" {
  variables {
    buckets = { archive = "read", scratch = "read-write" }
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.bucket_reader["users"].policy).Statement : statement.Sid => statement.Resource } == {
      List  = ["arn:aws:s3:::archive", "arn:aws:s3:::scratch"]
      Read  = ["arn:aws:s3:::archive/*", "arn:aws:s3:::scratch/*"]
      Write = ["arn:aws:s3:::scratch/*"]
    }
    error_message = "Only what may be written may be written, and no other bucket read."
  }

  assert {
    condition = (
      aws_eks_pod_identity_association.bucket_reader["users"].namespace == "jupyterhub" &&
      aws_eks_pod_identity_association.bucket_reader["users"].service_account == "user" &&
      aws_eks_pod_identity_association.bucket_reader["users"].role_arn == aws_iam_role.bucket_reader["users"].arn &&
      length(aws_iam_role.bucket_reader) == 1
    )
    error_message = "The role must be that of the users' service account."
  }
}

run "shared_folders_are_filled_from_their_buckets_only" {
  variables {
    buckets      = { archive = "read-write" }
    fill_buckets = ["tutorials"]
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.bucket_reader["fill-folders"].policy).Statement : statement.Sid => statement.Resource } == {
      List = ["arn:aws:s3:::tutorials"]
      Read = ["arn:aws:s3:::tutorials/*"]
    }
    error_message = "The job may read what it copies, and no more."
  }

  assert {
    condition     = aws_eks_pod_identity_association.bucket_reader["fill-folders"].service_account == "fill-folders"
    error_message = "The role must be that of the job's service account."
  }
}

run "a_profile_may_have_a_role_of_its_own" {
  command = plan

  variables {
    profile_roles = { gpu = "arn:aws:iam::123456789012:role/teaching/gpu" }
  }

  assert {
    condition = (
      aws_eks_pod_identity_association.profile["gpu"].service_account == "user-gpu" &&
      aws_eks_pod_identity_association.profile["gpu"].namespace == "jupyterhub" &&
      aws_eks_pod_identity_association.profile["gpu"].role_arn == "arn:aws:iam::123456789012:role/teaching/gpu"
    )
    error_message = "The profile's service account must have the profile's role."
  }
}

run "a_profiles_role_is_of_the_account" {
  command = plan

  variables {
    profile_roles = { gpu = "arn:aws:iam::999999999999:role/gpu" }
  }

  expect_failures = [var.profile_roles]
}

run "volumes_with_the_deployments_own_key" {
  command = plan

  variables {
    encryption_key = "own"
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.ebs_csi_key[0].policy).Statement :
      statement.Resource == "arn:aws:kms:us-east-2:123456789012:key/*" &&
      statement.Condition.StringEquals == { "aws:ResourceTag/hubctl:id" = "0123456789abcdef" }
    ])
    error_message = "The volumes' driver may use the deployment's key, and no other."
  }
}

run "volumes_with_a_key_that_exists" {
  command = plan

  variables {
    encryption_key = "arn:aws:kms:us-east-2:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.ebs_csi_key[0].policy).Statement :
      statement.Resource == var.encryption_key &&
      try(statement.Condition, null) == (contains(statement.Action, "kms:CreateGrant") ? { Bool = { "kms:GrantIsForAWSResource" = "true" } } : null)
    ])
    error_message = "The volumes' driver may use the given key, and grant it to volumes only."
  }
}

run "karpenter_may_ask_for_the_role_of_spot_instances" {
  variables {
    spot = true
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.karpenter["spot"].policy).Statement : [statement.Action, statement.Condition]
    ] == [["iam:CreateServiceLinkedRole", { StringEquals = { "iam:AWSServiceName" = "spot.amazonaws.com" } }]]
    error_message = "Karpenter may make the one role that spot instances need."
  }
}
