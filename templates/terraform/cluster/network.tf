# Nodes are in private subnets, load balancers in public ones. All of it is made here, unless there is a VPC already.

locals {
  makes_vpc = var.existing_vpc == null

  # Of the range's eight parts the first four are for private subnets, the last one is divided again for public ones.
  private_ranges = { for index, zone in var.zones : zone => cidrsubnet(var.vpc_cidr, 3, index) if local.makes_vpc }
  public_ranges  = { for index, zone in var.zones : zone => cidrsubnet(var.vpc_cidr, 5, 28 + index) if local.makes_vpc }

  core_zone = var.zones[0]

  # The first gateway is beside the core nodes, whether or not there are more.
  ways_out = !local.makes_vpc ? [] : var.nat == "one" ? [local.core_zone] : var.zones
  suffixes = var.nat == "one" ? [""] : [for zone in local.ways_out : "-${zone}"]

  # Longer than AWS' own interfaces stay. What still holds a subnet then is somebody's, and hubctl finds out whose: the
  # provider would wait 20 minutes, also when the run that frees its subnets was killed.
  subnet_patience = "5m"

  vpc_id = local.makes_vpc ? one(aws_vpc.this[*].id) : var.existing_vpc.id

  node_subnets = local.makes_vpc ? [
    for zone in var.zones : { id = aws_subnet.private[zone].id, arn = aws_subnet.private[zone].arn, zone = zone }
    ] : [
    for id in var.existing_vpc.node_subnets :
    { id = id, arn = data.aws_subnet.existing[id].arn, zone = data.aws_subnet.existing[id].availability_zone }
  ]
}

resource "aws_vpc" "this" {
  count = local.makes_vpc ? 1 : 0

  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name = var.deployment
  }
}

resource "aws_internet_gateway" "this" {
  count = local.makes_vpc ? 1 : 0

  vpc_id = aws_vpc.this[0].id

  tags = {
    Name = var.deployment
  }
}

resource "aws_subnet" "private" {
  for_each = local.private_ranges

  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = each.value

  tags = {
    Name                                      = "${var.deployment}-private-${each.key}"
    "kubernetes.io/cluster/${var.deployment}" = "shared"
    "kubernetes.io/role/internal-elb"         = "1"
  }

  timeouts {
    delete = local.subnet_patience
  }
}

resource "aws_subnet" "public" {
  for_each = local.public_ranges

  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = each.value

  tags = {
    Name                                      = "${var.deployment}-public-${each.key}"
    "kubernetes.io/cluster/${var.deployment}" = "shared"
    "kubernetes.io/role/elb"                  = "1"
  }

  timeouts {
    delete = local.subnet_patience
  }
}

resource "aws_eip" "nat" {
  count = length(local.ways_out)

  domain = "vpc"

  tags = {
    Name = "${var.deployment}-nat${local.suffixes[count.index]}"
  }

  # An address can't be used, nor a VPC be left by it, without the gateway.
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  count = length(local.ways_out)

  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.public[local.ways_out[count.index]].id

  tags = {
    Name = "${var.deployment}${local.suffixes[count.index]}"
  }

  depends_on = [aws_route.internet, aws_route_table_association.public]
}

resource "aws_route_table" "public" {
  count = local.makes_vpc ? 1 : 0

  vpc_id = aws_vpc.this[0].id

  tags = {
    Name = "${var.deployment}-public"
  }
}

resource "aws_route" "internet" {
  count = local.makes_vpc ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table" "private" {
  count = length(local.ways_out)

  vpc_id = aws_vpc.this[0].id

  tags = {
    Name = "${var.deployment}-private${local.suffixes[count.index]}"
  }
}

resource "aws_route" "nat" {
  count = length(local.ways_out)

  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[count.index].id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[var.nat == "one" ? 0 : index(var.zones, each.key)].id
}

# Images and data from S3 go past the NAT gateway, which charges by the gigabyte.
resource "aws_vpc_endpoint" "s3" {
  count = local.makes_vpc ? 1 : 0

  vpc_id            = aws_vpc.this[0].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = aws_route_table.private[*].id

  tags = {
    Name = "${var.deployment}-s3"
  }
}

# Once there was one of each, and no choice.
moved {
  from = aws_vpc.this
  to   = aws_vpc.this[0]
}

moved {
  from = aws_internet_gateway.this
  to   = aws_internet_gateway.this[0]
}

moved {
  from = aws_eip.nat
  to   = aws_eip.nat[0]
}

moved {
  from = aws_nat_gateway.this
  to   = aws_nat_gateway.this[0]
}

moved {
  from = aws_route_table.public
  to   = aws_route_table.public[0]
}

moved {
  from = aws_route.internet
  to   = aws_route.internet[0]
}

moved {
  from = aws_route_table.private
  to   = aws_route_table.private[0]
}

moved {
  from = aws_route.nat
  to   = aws_route.nat[0]
}

moved {
  from = aws_vpc_endpoint.s3
  to   = aws_vpc_endpoint.s3[0]
}
