output "cluster_name" {
  description = "Name of the EKS cluster."
  value       = aws_eks_cluster.this.name
}

output "cluster_endpoint" {
  description = "URL of the cluster's API server."
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_security_group_id" {
  description = "Security group that EKS made for control plane and nodes."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "vpc_id" {
  description = "The VPC."
  value       = local.vpc_id
}

output "private_subnet_ids" {
  description = "Subnets of the nodes, in the order of the zones; the first is the core nodes'."
  value       = local.node_subnets[*].id

  depends_on = [aws_route_table_association.private]
}

output "public_subnet_ids" {
  description = "Subnets of load balancers, in the order of the zones."
  value       = local.makes_vpc ? [for zone in var.zones : aws_subnet.public[zone].id] : var.existing_vpc.load_balancer_subnets

  depends_on = [aws_route_table_association.public]
}

output "subnet_by_zone" {
  description = "One subnet of the nodes in each zone: EFS takes one mount target of a zone."
  value       = { for zone, subnets in { for subnet in local.node_subnets : subnet.zone => subnet.id... } : zone => subnets[0] }

  depends_on = [aws_route_table_association.private]
}

output "core_zone" {
  description = "Availability zone of the core nodes."
  value       = local.core_zone
}

output "node_role_name" {
  description = "IAM role of the users' nodes, which Karpenter starts."
  value       = aws_iam_role.user_node.name
}

output "karpenter_role_arn" {
  description = "IAM role of the Karpenter controller."
  value       = aws_iam_role.karpenter.arn

  depends_on = [aws_eks_pod_identity_association.karpenter]
}

output "karpenter_queue_name" {
  description = "SQS queue of interruptions."
  value       = aws_sqs_queue.karpenter.name
}

output "karpenter_instance_profile" {
  description = "Instance profile of the users' nodes."
  value       = aws_iam_instance_profile.user_node.name
}

output "efs_security_group_id" {
  description = "Security group of the file system's mount targets."
  value       = aws_security_group.efs.id

  depends_on = [aws_vpc_security_group_ingress_rule.efs]
}
