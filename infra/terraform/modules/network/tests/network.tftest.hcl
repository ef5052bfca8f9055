mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name  = "footfall-test"
  zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
}

run "each_zone_has_three_subnets_and_a_nat_gateway" {
  command = plan

  assert {
    condition     = [for subnet in aws_subnet.private : subnet.cidr_block] == ["10.40.0.0/20", "10.40.16.0/20", "10.40.32.0/20"]
    error_message = "Private subnets are three /20."
  }

  assert {
    condition     = [for subnet in aws_subnet.data : subnet.cidr_block] == ["10.40.48.0/22", "10.40.52.0/22", "10.40.56.0/22"]
    error_message = "Subnets of stores are three /22 behind the private ones."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_subnet.public) == 3
    error_message = "The outage of a zone must not cut off the others."
  }

  assert {
    condition     = length(setsubtract(["ecr.api", "ecr.dkr", "sts", "secretsmanager", "logs"], keys(aws_vpc_endpoint.interface))) == 0
    error_message = "Images, credentials and logs must not depend on the internet."
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL"
    error_message = "All traffic is logged."
  }
}

run "one_nat_gateway_is_possible" {
  command = plan

  variables {
    nat_per_zone = false
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && length(aws_route.nat) == 3
    error_message = "All zones must go through the one gateway."
  }
}

run "subnets_are_listed_in_the_order_of_the_zones" {
  assert {
    condition     = output.data_subnet_ids == [for zone in var.zones : aws_subnet.data[zone].id] && length(output.private_subnet_ids) == 3
    error_message = "The stores rely on the order."
  }
}

run "two_zones_are_refused" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }

  expect_failures = [var.zones]
}

run "a_zone_named_twice_is_refused" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1a", "eu-central-1b"]
  }

  expect_failures = [var.zones]
}

run "a_small_network_is_refused" {
  command = plan

  variables {
    cidr = "10.40.0.0/20"
  }

  expect_failures = [var.cidr]
}
