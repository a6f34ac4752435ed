# A VPC that was there before: nothing is made or tagged in it but security groups. Before the first install hubctl has
# looked more closely; this is for what is changed later.

data "aws_vpc" "existing" {
  count = local.makes_vpc ? 0 : 1

  id = var.existing_vpc.id

  lifecycle {
    postcondition {
      condition     = self.enable_dns_support && self.enable_dns_hostnames
      error_message = "EKS and EFS need DNS support and DNS hostnames in the VPC ${self.id}: aws ec2 modify-vpc-attribute --vpc-id ${self.id} --enable-dns-hostnames"
    }
  }
}

data "aws_subnet" "existing" {
  for_each = toset(local.makes_vpc ? [] : concat(var.existing_vpc.node_subnets, var.existing_vpc.load_balancer_subnets))

  id = each.key

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.existing_vpc.id
      error_message = "The subnet ${self.id} is in the VPC ${self.vpc_id}, not in ${var.existing_vpc.id}."
    }
  }
}

locals {
  balancer_zones = local.makes_vpc ? var.zones : [
    for id in var.existing_vpc.load_balancer_subnets : data.aws_subnet.existing[id].availability_zone
  ]
}
