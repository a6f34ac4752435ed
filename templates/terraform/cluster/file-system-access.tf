# The group of the mount targets, which hubctl makes when both stacks are there.
resource "aws_security_group" "efs" {
  name        = "${local.prefix}-efs"
  description = "NFS from the nodes of the EKS cluster ${var.deployment}"
  vpc_id      = local.vpc_id

  tags = {
    Name = "${var.deployment}-efs"
  }
}

resource "aws_vpc_security_group_ingress_rule" "efs" {
  security_group_id            = aws_security_group.efs.id
  description                  = "NFS from nodes"
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
  referenced_security_group_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}
