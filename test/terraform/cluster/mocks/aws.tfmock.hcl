mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mock"
  }
}

mock_resource "aws_launch_template" {
  defaults = {
    id             = "lt-0123456789abcdef0"
    latest_version = 1
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:us-east-2:123456789012:mock"
  }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = {
    arn = "arn:aws:events:us-east-2:123456789012:rule/mock"
  }
}

mock_resource "aws_eks_cluster" {
  defaults = {
    endpoint = "https://mock.eks.us-east-2.amazonaws.com"
    vpc_config = {
      cluster_security_group_id = "sg-0123456789abcdef0"
    }
  }
}

mock_data "aws_partition" {
  defaults = {
    partition = "aws"
  }
}

mock_data "aws_vpc" {
  defaults = {
    id                   = "vpc-0123456789abcdef0"
    enable_dns_support   = true
    enable_dns_hostnames = true
  }
}

override_data {
  target = data.aws_subnet.existing["subnet-b1"]
  values = {
    id                = "subnet-b1"
    arn               = "arn:aws:ec2:us-east-2:210987654321:subnet/subnet-b1"
    vpc_id            = "vpc-0123456789abcdef0"
    availability_zone = "us-east-2b"
  }
}

override_data {
  target = data.aws_subnet.existing["subnet-b2"]
  values = {
    id                = "subnet-b2"
    arn               = "arn:aws:ec2:us-east-2:210987654321:subnet/subnet-b2"
    vpc_id            = "vpc-0123456789abcdef0"
    availability_zone = "us-east-2b"
  }
}

override_data {
  target = data.aws_subnet.existing["subnet-b3"]
  values = {
    id                = "subnet-b3"
    arn               = "arn:aws:ec2:us-east-2:210987654321:subnet/subnet-b3"
    vpc_id            = "vpc-0123456789abcdef0"
    availability_zone = "us-east-2b"
  }
}

override_data {
  target = data.aws_subnet.existing["subnet-a1"]
  values = {
    id                = "subnet-a1"
    arn               = "arn:aws:ec2:us-east-2:210987654321:subnet/subnet-a1"
    vpc_id            = "vpc-0123456789abcdef0"
    availability_zone = "us-east-2a"
  }
}
