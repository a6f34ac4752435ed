resource "aws_eks_access_entry" "installer" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = var.installer_arn
}

resource "aws_eks_access_policy_association" "installer" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.installer.principal_arn
  policy_arn    = "arn:${local.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}
