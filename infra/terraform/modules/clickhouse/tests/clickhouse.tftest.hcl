mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      domain_validation_options = [{
        domain_name           = "large.clickhouse.footfall.example"
        resource_record_name  = "_x.large.clickhouse.footfall.example"
        resource_record_type  = "CNAME"
        resource_record_value = "_y.acm-validations.aws"
      }]
    }
  }
}

variables {
  name           = "footfall-test"
  cluster        = "large"
  vpc_id         = "vpc-1"
  zones          = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  subnet_ids     = ["subnet-a", "subnet-b", "subnet-c"]
  clients        = { eks = "sg-nodes" }
  domain         = "footfall.example"
  zone_id        = "Z1"
  secret_arn     = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:large"
  secret_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1"
  backups = {
    endpoint = "https://footfall-test-backups.s3.eu-central-1.amazonaws.com/"
    arn      = "arn:aws:s3:::footfall-test-backups"
    key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/2"
  }
}

run "a_pair_and_three_keepers_stand_in_their_own_zones" {
  command = plan

  assert {
    condition     = keys(aws_instance.this) == ["keeper-0", "keeper-1", "keeper-2", "server-0", "server-1"]
    error_message = "Two servers and a quorum of three Keepers."
  }

  assert {
    condition     = aws_instance.this["server-0"].subnet_id != aws_instance.this["server-1"].subnet_id && length(distinct([for machine, instance in aws_instance.this : instance.subnet_id if startswith(machine, "keeper")])) == 3
    error_message = "A zone's outage may take one of each."
  }
}

run "data_is_encrypted_snapshotted_and_outlives_its_machine" {
  command = plan

  assert {
    condition     = alltrue([for volume in aws_ebs_volume.data : volume.encrypted && volume.final_snapshot])
    error_message = "Each volume is encrypted, and leaves a snapshot when it goes."
  }

  assert {
    condition     = aws_dlm_lifecycle_policy.snapshots["large"].policy_details[0].schedule[0].retain_rule[0].count == 35 && aws_dlm_lifecycle_policy.snapshots["large"].policy_details[0].target_tags["footfall.dev/snapshot"] == aws_ebs_volume.data["server-0"].tags["footfall.dev/snapshot"]
    error_message = "The servers' volumes are snapshotted daily for 35 days."
  }

  assert {
    condition     = alltrue([for instance in aws_instance.this : instance.metadata_options[0].http_tokens == "required" && instance.disable_api_termination]) && aws_lb.this["large"].enable_deletion_protection
    error_message = "Machines and endpoint are protected."
  }
}

run "clients_reach_https_and_metrics_only" {
  command = plan

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.client : rule.from_port] == [443, 9363]
    error_message = "Clients never reach the ports that machines use among themselves."
  }

  assert {
    condition     = aws_lb.this["large"].internal && aws_lb_listener.this["large"].protocol == "TLS"
    error_message = "The endpoint is private and speaks TLS."
  }
}

run "the_url_and_the_scraped_machines_are_outputs" {
  assert {
    condition     = output.url == "https://large.clickhouse.footfall.example" && output.port == 443
    error_message = "The chart needs the cluster's address."
  }

  assert {
    condition     = contains(output.metrics_targets, "server-1.large.clickhouse.footfall-test.internal:9363")
    error_message = "Prometheus needs every machine."
  }

  assert {
    condition     = aws_lb_target_group_attachment.active["large"].target_id == aws_instance.this["server-0"].id
    error_message = "The endpoint sends to the active server."
  }

  assert {
    condition     = alltrue([for instance in aws_instance.this : length(instance.user_data_base64) < 16384])
    error_message = "EC2 accepts 16 KiB of user data."
  }
}

run "servers_write_backups_to_the_folder_of_their_cluster_only" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.backups["large"].policy).Statement : statement.Resource] == ["arn:aws:s3:::footfall-test-backups/large/*", "arn:aws:s3:::footfall-test-backups", "arn:aws:kms:eu-central-1:123456789012:key/2"]
    error_message = "A server reads and removes no backup of another cluster."
  }
}

run "the_other_server_can_be_the_active_one" {
  variables {
    active_replica = 1
  }

  assert {
    condition     = aws_lb_target_group_attachment.active["large"].target_id == aws_instance.this["server-1"].id
    error_message = "A change of active_replica is the failover."
  }
}

run "an_external_endpoint_makes_nothing" {
  variables {
    external_url = "https://clickhouse.example:8443"
  }

  assert {
    condition     = output.url == "https://clickhouse.example:8443" && output.port == 8443 && length(aws_instance.this) == 0 && length(aws_lb.this) == 0
    error_message = "With an endpoint of somebody else, there is nothing of ours."
  }
}

run "a_single_server_needs_no_keeper" {
  command = plan

  variables {
    replicas = 1
  }

  assert {
    condition     = keys(aws_instance.this) == ["server-0"]
    error_message = "One server replicates nothing."
  }
}

run "a_failover_to_a_server_that_is_not_there_is_refused" {
  command = plan

  variables {
    replicas       = 1
    active_replica = 1
  }

  expect_failures = [aws_instance.this]
}

run "an_external_endpoint_without_tls_is_refused" {
  command = plan

  variables {
    external_url = "http://clickhouse.example:8123"
  }

  expect_failures = [var.external_url]
}

run "an_old_release_is_refused" {
  command = plan

  variables {
    clickhouse_version = "25.8"
  }

  expect_failures = [var.clickhouse_version]
}
