mock_provider "aws" {
  source = "./mocks"
}

run "cluster_is_locked_down" {
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The private endpoint must be on, and the public one as ranges were given."
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["192.0.2.0/24"])
    error_message = "Only the given ranges may reach the public endpoint."
  }

  assert {
    condition = (
      aws_eks_cluster.this.access_config[0].authentication_mode == "API_AND_CONFIG_MAP" &&
      !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions &&
      !aws_eks_cluster.this.bootstrap_self_managed_addons
    )
    error_message = "Rights must be explicit, and add-ons EKS' own."
  }

  assert {
    condition     = aws_eks_cluster.this.upgrade_policy[0].support_type == "STANDARD"
    error_message = "Extended support costs six times as much and must be asked for."
  }

  assert {
    condition = (
      aws_eks_access_entry.installer.principal_arn == var.installer_arn &&
      endswith(aws_eks_access_policy_association.installer.policy_arn, "/AmazonEKSClusterAdminPolicy")
    )
    error_message = "The installer must be the cluster's administrator."
  }
}

run "without_ranges_there_is_no_public_endpoint" {
  command = plan

  variables {
    api_access_cidrs = []
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "With no range to admit, only the private endpoint may be on."
  }
}

run "nodes_keep_their_credentials" {
  assert {
    condition = (
      aws_launch_template.core.metadata_options[0].http_tokens == "required" &&
      aws_launch_template.core.metadata_options[0].http_put_response_hop_limit == 1
    )
    error_message = "IMDSv2 with one hop keeps pods away from the node's credentials."
  }

  assert {
    condition     = alltrue([for mapping in aws_launch_template.core.block_device_mappings : mapping.ebs[0].encrypted == "true"])
    error_message = "The nodes' volumes must be encrypted."
  }

  assert {
    condition = alltrue([
      for specification in aws_launch_template.core.tag_specifications :
      specification.tags["hubctl:id"] == var.deployment_id && specification.tags["project"] == "archive"
    ]) && length(aws_launch_template.core.tag_specifications) == 3
    error_message = "Instances, volumes and interfaces must carry the deployment's tags."
  }

  assert {
    condition     = toset(aws_eks_node_group.core.subnet_ids) == toset([aws_subnet.private["us-east-2b"].id])
    error_message = "The core nodes must be in one zone, like the hub's volume."
  }

  assert {
    condition     = aws_eks_node_group.core.labels == tomap({ "hub.jupyter.org/node-purpose" = "core" })
    error_message = "The hub finds its nodes by their label."
  }
}

run "karpenter_has_no_more_than_it_needs" {
  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.karpenter : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in flatten([statement.Action]) :
          !strcontains(action, "*") &&
          (!startswith(action, "iam:") || contains(["iam:PassRole", "iam:GetInstanceProfile", "iam:GetRole", "iam:ListInstanceProfiles"], action))
        ]
      ]
    ]))
    error_message = "Karpenter must have no wildcard actions, and write nothing in IAM."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.karpenter["launch"].policy).Statement :
      can(statement.Condition) || statement.Sid == "LaunchFrom"
    ])
    error_message = "What Karpenter makes and deletes must be tied to its tags."
  }

  assert {
    condition     = aws_eks_access_entry.user_node.type == "EC2_LINUX"
    error_message = "EKS makes no access entry for nodes that only Karpenter starts."
  }
}

run "a_session_is_no_installer" {
  command = plan

  variables {
    installer_arn = "arn:aws:sts::123456789012:assumed-role/Operators/me"
  }

  expect_failures = [var.installer_arn]
}

run "numbers_of_nodes_must_agree" {
  command = plan

  variables {
    core_nodes = {
      instance_type   = "m6i.large"
      min             = 2
      max             = 3
      desired         = 1
      volume_size_gib = 50
      release_version = "1.36.1-20261110"
    }
  }

  expect_failures = [var.core_nodes]
}
