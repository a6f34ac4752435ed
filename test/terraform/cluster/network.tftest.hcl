mock_provider "aws" {
  source = "./mocks"
}

run "network_keeps_nodes_private" {
  assert {
    condition     = [for zone in var.zones : aws_subnet.private[zone].cidr_block] == ["10.42.0.0/19", "10.42.32.0/19", "10.42.64.0/19"]
    error_message = "Each zone must have an eighth of the range for nodes and pods."
  }

  assert {
    condition     = [for zone in var.zones : aws_subnet.public[zone].cidr_block] == ["10.42.224.0/21", "10.42.232.0/21", "10.42.240.0/21"]
    error_message = "Public subnets must come from the last eighth."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.private), values(aws_subnet.public)) : subnet.map_public_ip_on_launch != true])
    error_message = "Nothing may get a public address by itself."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && aws_nat_gateway.this[0].subnet_id == aws_subnet.public["us-east-2b"].id
    error_message = "There must be one NAT gateway, in the core nodes' zone."
  }

  assert {
    condition     = toset(aws_eks_cluster.this.vpc_config[0].subnet_ids) == toset([for subnet in aws_subnet.private : subnet.id])
    error_message = "The control plane must be attached to the private subnets."
  }

  assert {
    condition     = aws_vpc_endpoint.s3[0].vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3[0].service_name == "com.amazonaws.us-east-2.s3"
    error_message = "Traffic to S3 must not go through the NAT gateway."
  }

  assert {
    condition     = output.private_subnet_ids == [for zone in var.zones : aws_subnet.private[zone].id] && output.core_zone == "us-east-2b"
    error_message = "Outputs must be in the order of the zones."
  }
}

run "a_gateway_in_each_zone_serves_its_own_zone" {
  variables {
    nat = "per-zone"
  }

  assert {
    condition     = aws_nat_gateway.this[*].subnet_id == [for zone in var.zones : aws_subnet.public[zone].id]
    error_message = "There must be a NAT gateway in each zone, the core nodes' first."
  }

  assert {
    condition = alltrue([
      for index, zone in var.zones :
      aws_route_table_association.private[zone].route_table_id == aws_route_table.private[index].id &&
      aws_route.nat[index].route_table_id == aws_route_table.private[index].id &&
      aws_route.nat[index].nat_gateway_id == aws_nat_gateway.this[index].id &&
      aws_nat_gateway.this[index].allocation_id == aws_eip.nat[index].id
    ])
    error_message = "The way out of a zone must not lead through another one."
  }

  assert {
    condition     = aws_vpc_endpoint.s3[0].route_table_ids == toset(aws_route_table.private[*].id)
    error_message = "Traffic of every zone to S3 must go past the NAT gateways."
  }
}

run "one_zone_is_not_enough" {
  command = plan

  variables {
    zones = ["us-east-2a"]
  }

  expect_failures = [var.zones]
}

run "a_small_range_is_refused" {
  command = plan

  variables {
    vpc_cidr = "10.42.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "an_existing_vpc_is_used_and_left_alone" {
  variables {
    existing_vpc = {
      id                    = "vpc-0123456789abcdef0"
      node_subnets          = ["subnet-b1", "subnet-b2", "subnet-a1"]
      load_balancer_subnets = ["subnet-b3", "subnet-a1"]
    }
    zones = ["us-east-2b", "us-east-2a"]
  }

  assert {
    condition = length(concat(
      aws_vpc.this, aws_internet_gateway.this, aws_eip.nat, aws_nat_gateway.this, aws_vpc_endpoint.s3,
      aws_route_table.public, aws_route_table.private, aws_route.internet, aws_route.nat,
      values(aws_subnet.private), values(aws_subnet.public),
      values(aws_route_table_association.private), values(aws_route_table_association.public),
    )) == 0
    error_message = "Nothing of a network may be made in a VPC that exists."
  }

  assert {
    condition = (
      aws_eks_cluster.this.vpc_config[0].subnet_ids == toset(["subnet-a1", "subnet-b1", "subnet-b2"]) &&
      toset(aws_eks_node_group.core.subnet_ids) == toset(["subnet-b1"]) &&
      aws_security_group.efs.vpc_id == "vpc-0123456789abcdef0"
    )
    error_message = "The cluster must be in the given subnets, its core nodes in the first."
  }

  assert {
    condition = (
      output.vpc_id == "vpc-0123456789abcdef0" && output.core_zone == "us-east-2b" &&
      output.private_subnet_ids == tolist(["subnet-b1", "subnet-b2", "subnet-a1"]) &&
      output.public_subnet_ids == tolist(["subnet-b3", "subnet-a1"]) &&
      output.subnet_by_zone == { us-east-2a = "subnet-a1", us-east-2b = "subnet-b1" }
    )
    error_message = "Outputs must say where things are, with one subnet of each zone for EFS."
  }

  assert {
    condition = alltrue([
      for subnet in ["b1", "b2", "a1"] : contains(
        jsondecode(aws_iam_role_policy.karpenter["launch"].policy).Statement[0].Resource,
        "arn:aws:ec2:us-east-2:210987654321:subnet/subnet-${subnet}",
      )
    ])
    error_message = "Karpenter must be able to start nodes in the given subnets, also in those that another account shares."
  }
}

run "a_subnet_of_another_vpc_is_refused" {
  command = plan

  variables {
    existing_vpc = {
      id                    = "vpc-0fedcba9876543210"
      node_subnets          = ["subnet-b1", "subnet-a1"]
      load_balancer_subnets = ["subnet-b3"]
    }
    zones = ["us-east-2b", "us-east-2a"]
  }

  expect_failures = [data.aws_subnet.existing]
}

run "a_vpc_without_names_is_refused" {
  command = plan

  override_data {
    target = data.aws_vpc.existing
    values = {
      id                   = "vpc-0123456789abcdef0"
      enable_dns_support   = true
      enable_dns_hostnames = false
    }
  }

  variables {
    existing_vpc = {
      id                    = "vpc-0123456789abcdef0"
      node_subnets          = ["subnet-b1", "subnet-a1"]
      load_balancer_subnets = ["subnet-b3"]
    }
    zones = ["us-east-2b", "us-east-2a"]
  }

  expect_failures = [data.aws_vpc.existing]
}

run "subnets_in_other_zones_than_recorded_are_refused" {
  command = plan

  variables {
    existing_vpc = {
      id                    = "vpc-0123456789abcdef0"
      node_subnets          = ["subnet-b1", "subnet-b2"]
      load_balancer_subnets = ["subnet-b3"]
    }
    zones = ["us-east-2b", "us-east-2a"]
  }

  expect_failures = [aws_eks_cluster.this]
}

run "a_load_balancer_away_from_the_core_nodes_is_refused" {
  command = plan

  variables {
    existing_vpc = {
      id                    = "vpc-0123456789abcdef0"
      node_subnets          = ["subnet-b1", "subnet-a1"]
      load_balancer_subnets = ["subnet-a1"]
    }
    zones = ["us-east-2b", "us-east-2a"]
  }

  expect_failures = [aws_eks_cluster.this]
}

run "a_load_balancer_twice_in_a_zone_is_refused" {
  command = plan

  variables {
    existing_vpc = {
      id                    = "vpc-0123456789abcdef0"
      node_subnets          = ["subnet-b1", "subnet-a1"]
      load_balancer_subnets = ["subnet-b2", "subnet-b3"]
    }
    zones = ["us-east-2b", "us-east-2a"]
  }

  expect_failures = [aws_eks_cluster.this]
}

run "one_subnet_for_nodes_is_not_enough" {
  command = plan

  variables {
    existing_vpc = {
      id                    = "vpc-0123456789abcdef0"
      node_subnets          = ["subnet-b1"]
      load_balancer_subnets = ["subnet-b3"]
    }
  }

  expect_failures = [var.existing_vpc]
}
