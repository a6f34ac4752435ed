# AWS tells here that an instance is about to go, so that Karpenter can drain it in time.

locals {
  queue_name = "${local.prefix}-karpenter"
  queue_arn  = "arn:${local.partition}:sqs:${var.region}:${var.account_id}:${local.queue_name}"
}

resource "aws_sqs_queue" "karpenter" {
  name                      = local.queue_name
  message_retention_seconds = 300
  sqs_managed_sse_enabled   = true

  # Not a resource of its own: the provider waits half a minute for each of the two.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EventsMaySend"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = {
          ArnEquals = { "aws:SourceArn" = [for rule in aws_cloudwatch_event_rule.interruption : rule.arn] }
        }
      },
      {
        Sid       = "OnlyEncryptedConnections"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = {
          Bool = { "aws:SecureTransport" = "false" }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "interruption" {
  for_each = {
    health      = { source = "aws.health", detail_type = "AWS Health Event" }
    spot        = { source = "aws.ec2", detail_type = "EC2 Spot Instance Interruption Warning" }
    rebalance   = { source = "aws.ec2", detail_type = "EC2 Instance Rebalance Recommendation" }
    state       = { source = "aws.ec2", detail_type = "EC2 Instance State-change Notification" }
    reservation = { source = "aws.ec2", detail_type = "EC2 Capacity Reservation Instance Interruption Warning" }
  }

  name        = "${local.prefix}-node-${each.key}"
  description = "Tells Karpenter of the cluster ${var.deployment}: ${each.value.detail_type}"

  event_pattern = jsonencode({
    source        = [each.value.source]
    "detail-type" = [each.value.detail_type]
  })
}

resource "aws_cloudwatch_event_target" "interruption" {
  for_each = aws_cloudwatch_event_rule.interruption

  rule      = each.value.name
  target_id = "KarpenterInterruptionQueueTarget"
  arn       = aws_sqs_queue.karpenter.arn
}
