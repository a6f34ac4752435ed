locals {
  # The agent adds the cluster and the pod to the session as tags, hence TagSession. Other accounts' clusters and this
  # account's other clusters can't take the role.
  pod_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnEquals    = { "aws:SourceArn" = local.cluster_arn }
      }
    }]
  })

  volume_key = {
    arn       = var.encryption_key == "own" ? "arn:${local.partition}:kms:${var.region}:${var.account_id}:key/*" : var.encryption_key
    condition = var.encryption_key == "own" ? { StringEquals = { "aws:ResourceTag/hubctl:id" = var.deployment_id } } : {}
  }

  drivers = {
    ebs-csi      = "Controller of the EBS driver"
    efs-csi      = "Controller of the EFS driver"
    efs-csi-node = "EFS driver on the nodes"
  }
}

resource "aws_iam_role" "driver" {
  for_each = local.drivers

  name                 = "${local.prefix}-${each.key}"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "${each.value} of the EKS cluster ${var.deployment}"
  assume_role_policy   = local.pod_trust
}

resource "aws_iam_role_policy_attachment" "ebs_csi" {
  role       = aws_iam_role.driver["ebs-csi"].name
  policy_arn = "${local.iam_policy}/AmazonEBSCSIDriverPolicyV2"
}

# Volumes with a key of the customer's are attached by a grant:
# https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html
# A key made for the deployment belongs to the other stack and is known by its tag.
resource "aws_iam_role_policy" "ebs_csi_key" {
  count = var.encryption_key == "aws" ? 0 : 1

  name = "key"
  role = aws_iam_role.driver["ebs-csi"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(
        {
          Sid      = "UseKey"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
          Resource = local.volume_key.arn
        },
        var.encryption_key == "own" ? { Condition = local.volume_key.condition } : {},
      ),
      {
        Sid      = "GrantKeyToVolumes"
        Effect   = "Allow"
        Action   = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
        Resource = local.volume_key.arn
        Condition = merge(local.volume_key.condition, {
          Bool = { "kms:GrantIsForAWSResource" = "true" }
        })
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "efs_csi" {
  role       = aws_iam_role.driver["efs-csi"].name
  policy_arn = "${local.iam_policy}/service-role/AmazonEFSCSIDriverPolicy"
}

# Mounts with the option "iam" are made by the driver's daemon set. The file system belongs to the other stack, so it
# isn't named here; only what has a mount target in this VPC can be reached.
resource "aws_iam_role_policy" "efs_csi_node" {
  name = "mount"
  role = aws_iam_role.driver["efs-csi-node"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Mount"
        Effect   = "Allow"
        Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource = "arn:${local.partition}:elasticfilesystem:${var.region}:${var.account_id}:file-system/*"
        Condition = {
          Bool = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        }
      },
      {
        Sid      = "FindMountTargetWithoutName"
        Effect   = "Allow"
        Action   = ["elasticfilesystem:DescribeMountTargets", "ec2:DescribeAvailabilityZones"]
        Resource = "*"
      },
    ]
  })
}

# The add-on itself takes an association for its controller only:
# https://github.com/kubernetes-sigs/aws-efs-csi-driver/issues/1759
resource "aws_eks_pod_identity_association" "efs_csi_node" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "efs-csi-node-sa"
  role_arn        = aws_iam_role.driver["efs-csi-node"].arn

  depends_on = [aws_iam_role_policy.efs_csi_node]
}
