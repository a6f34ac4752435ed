# Daemon sets come before the nodes, which are not ready without the network plugin. What needs a pod to run somewhere
# comes after them.

resource "aws_eks_addon" "before_nodes" {
  for_each = toset(["vpc-cni", "kube-proxy", "eks-pod-identity-agent"])

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = var.addon_versions[each.key]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "after_nodes" {
  for_each = toset(["coredns", "metrics-server"])

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = var.addon_versions[each.key]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_node_group.core]
}

resource "aws_eks_addon" "ebs_csi" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "aws-ebs-csi-driver"
  addon_version               = var.addon_versions["aws-ebs-csi-driver"]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  # Volumes that the driver makes are this deployment's.
  configuration_values = jsonencode({
    controller = { extraVolumeTags = local.tags }
  })

  pod_identity_association {
    role_arn        = aws_iam_role.driver["ebs-csi"].arn
    service_account = "ebs-csi-controller-sa"
  }

  depends_on = [
    aws_eks_addon.before_nodes,
    aws_eks_node_group.core,
    aws_iam_role_policy.ebs_csi_key,
    aws_iam_role_policy_attachment.ebs_csi,
  ]
}

resource "aws_eks_addon" "efs_csi" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "aws-efs-csi-driver"
  addon_version               = var.addon_versions["aws-efs-csi-driver"]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  pod_identity_association {
    role_arn        = aws_iam_role.driver["efs-csi"].arn
    service_account = "efs-csi-controller-sa"
  }

  # A pod that is admitted before its association exists never gets credentials.
  depends_on = [
    aws_eks_addon.before_nodes,
    aws_eks_node_group.core,
    aws_eks_pod_identity_association.efs_csi_node,
    aws_iam_role_policy_attachment.efs_csi,
  ]
}
