resource "aws_iam_role" "cluster" {
  name                 = "${local.prefix}-cluster"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "Control plane of the EKS cluster ${var.deployment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "${local.iam_policy}/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "this" {
  name                          = var.deployment
  role_arn                      = aws_iam_role.cluster.arn
  version                       = var.kubernetes_version
  bootstrap_self_managed_addons = false

  access_config {
    # aws-auth stays possible beside access entries. Who creates the cluster gets no hidden rights: see access.tf.
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = false
  }

  upgrade_policy {
    support_type = var.support_policy
  }

  vpc_config {
    subnet_ids              = local.node_subnets[*].id
    endpoint_private_access = true
    endpoint_public_access  = length(var.api_access_cidrs) > 0
    public_access_cidrs     = length(var.api_access_cidrs) > 0 ? var.api_access_cidrs : null
  }

  # Removed only after the cluster: without the role's rights or a way out, what the cluster made in the VPC would stay.
  depends_on = [
    aws_iam_role_policy_attachment.cluster,
    aws_route.internet,
    aws_route.nat,
    aws_route_table_association.private,
    aws_route_table_association.public,
  ]

  lifecycle {
    precondition {
      condition     = distinct(local.node_subnets[*].zone) == var.zones
      error_message = "The subnets of the nodes must be in the zones that the deployment recorded, ${join(", ", var.zones)}, and the first in the first of them: EKS takes no further zone, and the hub's volume is in that one."
    }

    precondition {
      condition     = length(distinct(local.balancer_zones)) == length(local.balancer_zones) && contains(local.balancer_zones, local.core_zone)
      error_message = "The load balancer takes one subnet of a zone, and needs one in the core nodes' zone ${local.core_zone}; the subnets named for it are in ${join(", ", local.balancer_zones)}."
    }
  }
}
