mock_provider "aws" {
  mock_resource "aws_elasticache_replication_group" {
    defaults = { primary_endpoint_address = "primary.example" }
  }
}

variables {
  name       = "footfall-test"
  vpc_id     = "vpc-1"
  subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  clients    = { eks = "sg-nodes" }
  password   = "0123456789abcdef0123456789abcdef"
}

run "a_full_server_refuses_writes_and_evicts_nothing" {
  command = plan

  assert {
    condition     = one([for parameter in aws_elasticache_parameter_group.this.parameter : parameter.value if parameter.name == "maxmemory-policy"]) == "noeviction"
    error_message = "An evicted counter is a wrong number."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["footfall-test-001-memory"].threshold == 70
    error_message = "An alarm comes long before the memory is full."
  }
}

run "a_failover_has_a_replica_in_another_zone" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.num_cache_clusters == 2 && aws_elasticache_replication_group.this.multi_az_enabled && aws_elasticache_replication_group.this.automatic_failover_enabled
    error_message = "A primary and a replica, in two zones."
  }
}

run "only_tls_with_a_password_is_accepted" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_mode == "required" && aws_elasticache_replication_group.this.auth_token == var.password
    error_message = "No plain text and no anonymous client."
  }
}

run "the_primary_is_the_output" {
  assert {
    condition     = output.host == "primary.example" && output.port == 6379 && output.slot_buckets == 1
    error_message = "The chart needs the primary's address and the number of slot groups."
  }
}

run "a_server_without_a_replica_is_refused" {
  command = plan

  variables {
    replicas = 0
  }

  expect_failures = [var.replicas]
}

run "a_password_that_a_url_cannot_hold_is_refused" {
  command = plan

  variables {
    password = "with/slash@and:colon"
  }

  expect_failures = [var.password]
}
