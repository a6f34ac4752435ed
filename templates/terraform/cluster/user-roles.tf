# What users' servers, and the job that fills shared folders, may do in AWS: reach the buckets that were named, and no
# others. Their service accounts are made by hubctl. Buckets with a customer's key need the key's policy to agree.

locals {
  hub_namespace = "jupyterhub"

  bucket_readers = {
    for purpose, reader in {
      users = {
        description     = "Users' servers"
        service_account = "user"
        read            = keys(var.buckets)
        write           = [for name, access in var.buckets : name if access == "read-write"]
      }
      fill-folders = {
        description     = "Job that fills the shared folders"
        service_account = "fill-folders"
        read            = var.fill_buckets
        write           = []
      }
    } : purpose => reader if length(reader.read) > 0
  }

  s3_arn = "arn:${local.partition}:s3:::"
}

resource "aws_iam_role" "bucket_reader" {
  for_each = local.bucket_readers

  name                 = "${local.prefix}-${each.key}"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "${each.value.description} on the EKS cluster ${var.deployment}"
  assume_role_policy   = local.pod_trust
}

resource "aws_iam_role_policy" "bucket_reader" {
  for_each = local.bucket_readers

  name = "buckets"
  role = aws_iam_role.bucket_reader[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "List"
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
          Resource = [for name in each.value.read : "${local.s3_arn}${name}"]
        },
        {
          Sid      = "Read"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = [for name in each.value.read : "${local.s3_arn}${name}/*"]
        },
      ],
      [
        for names in [each.value.write] : {
          Sid      = "Write"
          Effect   = "Allow"
          Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
          Resource = [for name in names : "${local.s3_arn}${name}/*"]
        } if length(names) > 0
      ],
    )
  })
}

resource "aws_eks_pod_identity_association" "bucket_reader" {
  for_each = local.bucket_readers

  cluster_name    = aws_eks_cluster.this.name
  namespace       = local.hub_namespace
  service_account = each.value.service_account
  role_arn        = aws_iam_role.bucket_reader[each.key].arn

  depends_on = [aws_iam_role_policy.bucket_reader]
}

resource "aws_eks_pod_identity_association" "profile" {
  for_each = var.profile_roles

  cluster_name    = aws_eks_cluster.this.name
  namespace       = local.hub_namespace
  service_account = "user-${each.key}"
  role_arn        = each.value
}
