mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mock"
    }
  }

  mock_resource "aws_launch_template" {
    defaults = {
      id             = "lt-0123456789abcdef0"
      latest_version = 1
    }
  }

  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:us-east-2:123456789012:mock"
    }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = {
      arn = "arn:aws:events:us-east-2:123456789012:rule/mock"
    }
  }

  mock_resource "aws_eks_cluster" {
    defaults = {
      endpoint = "https://mock.eks.us-east-2.amazonaws.com"
      vpc_config = {
        cluster_security_group_id = "sg-0123456789abcdef0"
      }
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  deployment           = "dandihub"
  deployment_id        = "0123456789abcdef"
  account_id           = "123456789012"
  region               = "us-east-2"
  tags                 = { project = "archive" }
  role_path            = "/hubs/"
  permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  installer_arn        = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Operators"
  vpc_cidr             = "10.42.0.0/16"
  zones                = ["us-east-2b", "us-east-2a", "us-east-2c"]
  kubernetes_version   = "1.36"
  api_access_cidrs     = ["192.0.2.0/24"]

  addon_versions = {
    vpc-cni                = "v1.23.0-eksbuild.1"
    kube-proxy             = "v1.36.1-eksbuild.1"
    eks-pod-identity-agent = "v1.3.9-eksbuild.1"
    coredns                = "v1.13.0-eksbuild.1"
    aws-ebs-csi-driver     = "v1.63.1-eksbuild.1"
    aws-efs-csi-driver     = "v3.2.0-eksbuild.1"
    metrics-server         = "v0.8.0-eksbuild.1"
  }

  core_nodes = {
    instance_type   = "m6i.large"
    min             = 1
    max             = 3
    desired         = 2
    volume_size_gib = 50
    release_version = "1.36.1-20261110"
  }
}

run "network_keeps_nodes_private" {
  assert {
    condition     = [for zone in var.zones : aws_subnet.private[zone].cidr_block] == ["10.42.0.0/19", "10.42.32.0/19", "10.42.64.0/19"]
    error_message = "Each zone must have an eighth of the range for nodes and pods."
  }

  assert {
    condition     = [for zone in var.zones : aws_subnet.public[zone].cidr_block] == ["10.42.224.0/21", "10.42.232.0/21", "10.42.240.0/21"]
    error_message = "Public subnets must come from the last eighth."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.private), values(aws_subnet.public)) : subnet.map_public_ip_on_launch != true])
    error_message = "Nothing may get a public address by itself."
  }

  assert {
    condition     = aws_nat_gateway.this.subnet_id == aws_subnet.public["us-east-2b"].id
    error_message = "The NAT gateway must be in the core nodes' zone."
  }

  assert {
    condition     = toset(aws_eks_cluster.this.vpc_config[0].subnet_ids) == toset([for subnet in aws_subnet.private : subnet.id])
    error_message = "The control plane must be attached to the private subnets."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.us-east-2.s3"
    error_message = "Traffic to S3 must not go through the NAT gateway."
  }

  assert {
    condition     = output.private_subnet_ids == [for zone in var.zones : aws_subnet.private[zone].id] && output.core_zone == "us-east-2b"
    error_message = "Outputs must be in the order of the zones."
  }
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

run "roles_obey_the_account" {
  assert {
    condition = alltrue([
      for role in concat(
        [aws_iam_role.cluster, aws_iam_role.core_node, aws_iam_role.user_node, aws_iam_role.karpenter],
        values(aws_iam_role.driver),
      ) :
      role.path == "/hubs/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" &&
      startswith(role.name, "dandihub-01234567-") && length(role.name) <= 64
    ])
    error_message = "Every role must have the path, the boundary and the prefix, and a name that IAM takes."
  }

  assert {
    condition     = aws_iam_instance_profile.user_node.path == "/hubs/"
    error_message = "The instance profile must have the path, too."
  }

  assert {
    condition = alltrue([
      for role in concat([aws_iam_role.karpenter], values(aws_iam_role.driver)) :
      jsondecode(role.assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] ==
      "arn:aws:eks:us-east-2:123456789012:cluster/dandihub"
    ])
    error_message = "Only pods of this cluster may take the roles of pods."
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

run "the_longest_name_fits" {
  command = plan

  variables {
    deployment = "a-name-of-thirty-two-characters0"
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for role in aws_iam_role.driver : role.name],
        [aws_iam_role.karpenter.name, aws_iam_role.core_node.name, aws_iam_instance_profile.user_node.name],
        [for rule in aws_cloudwatch_event_rule.interruption : rule.name],
      ) : length(name) <= 64
    ])
    error_message = "IAM and EventBridge take names of at most 64 characters."
  }
}

run "a_session_is_no_installer" {
  command = plan

  variables {
    installer_arn = "arn:aws:sts::123456789012:assumed-role/Operators/me"
  }

  expect_failures = [var.installer_arn]
}

run "one_zone_is_not_enough" {
  command = plan

  variables {
    zones = ["us-east-2a"]
  }

  expect_failures = [var.zones]
}

run "a_small_range_is_refused" {
  command = plan

  variables {
    vpc_cidr = "10.42.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
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
