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
