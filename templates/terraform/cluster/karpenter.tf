# What Karpenter needs outside of the cluster. It is told ids (subnets, group, instance profile), so it needs no right
# to write IAM, but for one role of AWS' own.

resource "aws_iam_role" "karpenter" {
  name                 = "${local.prefix}-karpenter"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "Karpenter controller of the EKS cluster ${var.deployment}"
  assume_role_policy   = local.pod_trust
}

resource "aws_eks_pod_identity_association" "karpenter" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "karpenter"
  role_arn        = aws_iam_role.karpenter.arn

  depends_on = [aws_iam_role_policy.karpenter]
}

resource "aws_iam_instance_profile" "user_node" {
  name = "${local.prefix}-user-node"
  path = var.role_path
  role = aws_iam_role.user_node.name

  depends_on = [aws_iam_role_policy_attachment.node]
}

# EKS makes the entry of a managed node group's role itself, but not of a role that only Karpenter uses.
resource "aws_eks_access_entry" "user_node" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_iam_role.user_node.arn
  type          = "EC2_LINUX"
}

locals {
  ec2_arn = "arn:${local.partition}:ec2:${var.region}"

  # What Karpenter creates carries both tags from the start; what carries them is Karpenter's to change and delete.
  karpenter_made = ["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"]
  cluster_tag    = "kubernetes.io/cluster/${var.deployment}"
  requested_tags = {
    StringEquals = { "aws:RequestTag/${local.cluster_tag}" = "owned" }
    StringLike   = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
  }
  existing_tags = {
    StringEquals = { "aws:ResourceTag/${local.cluster_tag}" = "owned" }
    StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
  }

  karpenter_policies = {
    launch = [
      {
        Sid    = "LaunchFrom"
        Effect = "Allow"
        Action = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource = concat(
          ["${local.ec2_arn}::image/*", "${local.ec2_arn}::snapshot/*"],
          local.node_subnets[*].arn,
          ["${local.ec2_arn}:${var.account_id}:security-group/${aws_eks_cluster.this.vpc_config[0].cluster_security_group_id}"],
        )
      },
      {
        Sid       = "LaunchFromOwnTemplates"
        Effect    = "Allow"
        Action    = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource  = "${local.ec2_arn}:${var.account_id}:launch-template/*"
        Condition = local.existing_tags
      },
      {
        Sid       = "CreateTagged"
        Effect    = "Allow"
        Action    = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"]
        Resource  = [for kind in local.karpenter_made : "${local.ec2_arn}:${var.account_id}:${kind}/*"]
        Condition = local.requested_tags
      },
      {
        Sid      = "TagOnCreation"
        Effect   = "Allow"
        Action   = "ec2:CreateTags"
        Resource = [for kind in local.karpenter_made : "${local.ec2_arn}:${var.account_id}:${kind}/*"]
        Condition = {
          StringEquals = merge(local.requested_tags.StringEquals, {
            "ec2:CreateAction" = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]
          })
          StringLike = local.requested_tags.StringLike
        }
      },
      {
        Sid      = "NameNodes"
        Effect   = "Allow"
        Action   = "ec2:CreateTags"
        Resource = "${local.ec2_arn}:${var.account_id}:instance/*"
        Condition = merge(local.existing_tags, {
          "ForAllValues:StringEquals" = {
            "aws:TagKeys" = ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"]
          }
        })
      },
      {
        Sid       = "DeleteOwn"
        Effect    = "Allow"
        Action    = ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"]
        Resource  = [for kind in ["instance", "launch-template"] : "${local.ec2_arn}:${var.account_id}:${kind}/*"]
        Condition = local.existing_tags
      },
      {
        Sid      = "PassNodeRole"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = aws_iam_role.user_node.arn
        Condition = {
          StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" }
        }
      },
    ]

    discover = [
      {
        Sid    = "ReadRegion"
        Effect = "Allow"
        Action = [
          "ec2:DescribeCapacityReservations",
          "ec2:DescribeImages",
          "ec2:DescribeInstanceStatus",
          "ec2:DescribeInstanceTypeOfferings",
          "ec2:DescribeInstanceTypes",
          "ec2:DescribeInstances",
          "ec2:DescribeLaunchTemplates",
          "ec2:DescribePlacementGroups",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSpotPriceHistory",
          "ec2:DescribeSubnets",
        ]
        Resource = "*"
        Condition = {
          StringEquals = { "aws:RequestedRegion" = var.region }
        }
      },
      {
        Sid      = "ReadImageParameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "arn:${local.partition}:ssm:${var.region}::parameter/aws/service/*"
      },
      {
        Sid      = "ReadPricesAndProfiles"
        Effect   = "Allow"
        Action   = ["iam:ListInstanceProfiles", "pricing:GetProducts"]
        Resource = "*"
      },
      {
        Sid      = "ReadNodeProfile"
        Effect   = "Allow"
        Action   = "iam:GetInstanceProfile"
        Resource = aws_iam_instance_profile.user_node.arn
      },
      {
        Sid      = "ReadNodeRole"
        Effect   = "Allow"
        Action   = "iam:GetRole"
        Resource = aws_iam_role.user_node.arn
      },
      {
        Sid      = "ReadCluster"
        Effect   = "Allow"
        Action   = "eks:DescribeCluster"
        Resource = local.cluster_arn
      },
    ]

    interruption = [
      {
        Sid      = "ReadInterruptions"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        Resource = local.queue_arn
      },
      {
        # Clusters are none of this action's resource types, only of its condition key.
        Sid      = "ReadZonalShifts"
        Effect   = "Allow"
        Action   = "arc-zonal-shift:GetManagedResource"
        Resource = "*"
        Condition = {
          StringEquals = { "arc-zonal-shift:ResourceIdentifier" = local.cluster_arn }
        }
      },
    ]

    # The account's first spot instance needs a role that EC2 makes, with the rights of who asks for the instance:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
    spot = [
      {
        Sid      = "MakeSpotRole"
        Effect   = "Allow"
        Action   = "iam:CreateServiceLinkedRole"
        Resource = "arn:${local.partition}:iam::${var.account_id}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
        Condition = {
          StringEquals = { "iam:AWSServiceName" = "spot.amazonaws.com" }
        }
      },
    ]
  }
}

resource "aws_iam_role_policy" "karpenter" {
  for_each = { for name, statements in local.karpenter_policies : name => statements if name != "spot" || var.spot }

  name = each.key
  role = aws_iam_role.karpenter.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value
  })
}
