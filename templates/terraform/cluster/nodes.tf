# The core nodes are a managed node group in one zone, since the hub's database volume can't leave its zone. Users'
# nodes are Karpenter's; both kinds have the same rights, but each a role of its own.

locals {
  node_policies = [
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonSSMManagedInstanceCore",
  ]

  node_roles = {
    core = aws_iam_role.core_node.name
    user = aws_iam_role.user_node.name
  }

  node_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role" "core_node" {
  name                 = "${local.prefix}-core-node"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "Core nodes of the EKS cluster ${var.deployment}"
  assume_role_policy   = local.node_trust
}

resource "aws_iam_role" "user_node" {
  name                 = "${local.prefix}-user-node"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "Users' nodes of the EKS cluster ${var.deployment}"
  assume_role_policy   = local.node_trust
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = {
    for pair in setproduct(["core", "user"], local.node_policies) :
    "${pair[0]}-${pair[1]}" => { role = local.node_roles[pair[0]], policy = pair[1] }
  }

  role       = each.value.role
  policy_arn = "${local.iam_policy}/${each.value.policy}"
}

resource "aws_launch_template" "core" {
  name        = "${local.prefix}-core"
  description = "Core nodes of the EKS cluster ${var.deployment}"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.core_nodes.volume_size_gib
      encrypted             = true
      delete_on_termination = true
    }
  }

  # One hop: a pod that isn't on the host's network never reaches the node's credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # The provider's default tags don't reach what an instance is made of.
  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = "${var.deployment}-core" })
    }
  }
}

resource "aws_eks_node_group" "core" {
  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = "core-"
  node_role_arn          = aws_iam_role.core_node.arn
  subnet_ids             = [local.node_subnets[0].id]
  ami_type               = "AL2023_x86_64_STANDARD"
  capacity_type          = "ON_DEMAND"
  instance_types         = [var.core_nodes.instance_type]
  version                = var.kubernetes_version
  release_version        = var.core_nodes.release_version

  labels = {
    "hub.jupyter.org/node-purpose" = "core"
  }

  launch_template {
    id      = aws_launch_template.core.id
    version = aws_launch_template.core.latest_version
  }

  scaling_config {
    min_size     = var.core_nodes.min
    max_size     = var.core_nodes.max
    desired_size = var.core_nodes.desired
  }

  update_config {
    max_unavailable = 1
  }

  # Nodes need these to join, and to leave in an orderly way.
  depends_on = [
    aws_eks_addon.before_nodes,
    aws_iam_role_policy_attachment.node,
    aws_route.nat,
    aws_route_table_association.private,
  ]

  # What can't be changed in place (the instance type) is replaced: the new nodes are ready before EKS drains the old ones.
  lifecycle {
    create_before_destroy = true
    # Node groups from before this was so are called "core", and stay as they are.
    ignore_changes = [node_group_name_prefix]
  }
}
