mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_db_instance" {
    defaults = { master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds", kms_key_id = "key", secret_status = "active" }] }
  }
}

variables {
  name       = "footfall-test"
  vpc_id     = "vpc-1"
  subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  clients    = { eks = "sg-nodes" }
}

run "a_commit_is_in_two_zones_and_can_be_restored_for_35_days" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 35 && !aws_db_instance.this.delete_automated_backups
    error_message = "The ledger needs a standby and its backups, even after a deletion."
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.apply_immediately
    error_message = "Nothing is deleted or restarted by surprise."
  }
}

run "only_tls_is_accepted_and_rds_keeps_the_administrators_password" {
  command = plan

  assert {
    condition     = one([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"]) == "1"
    error_message = "Connections without TLS must be refused."
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible
    error_message = "No password of the administrator in the state; encrypted; private."
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.client) == ["eks"] && output.port == 5432
    error_message = "Only the named clients connect."
  }
}

run "the_pool_of_each_process_is_an_output" {
  command = plan

  variables {
    pool_connections = 8
    max_connections  = 500
  }

  assert {
    condition     = output.pool_connections == 8
    error_message = "The chart sets postgres.max_connections to the number that was checked."
  }
}

run "more_connections_than_the_server_has_are_refused" {
  command = plan

  variables {
    processes       = 40
    max_connections = 800
  }

  expect_failures = [aws_db_instance.this]
}

run "an_old_postgresql_is_refused" {
  command = plan

  variables {
    engine_version = "14.9"
  }

  expect_failures = [var.engine_version]
}

run "backups_of_a_day_are_refused" {
  command = plan

  variables {
    backup_days = 1
  }

  expect_failures = [var.backup_days]
}
