mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_secretsmanager_random_password" {
    defaults = { random_password = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL" }
  }
  mock_resource "aws_eks_cluster" {
    defaults = { vpc_config = { cluster_security_group_id = "sg-nodes" } }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      address            = "postgres.example"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds", kms_key_id = "key", secret_status = "active" }]
    }
  }
  mock_resource "aws_msk_cluster" {
    defaults = {
      bootstrap_brokers_sasl_iam   = "b-1.example:9098,b-2.example:9098"
      bootstrap_brokers_sasl_scram = "b-1.example:9096,b-2.example:9096"
    }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      domain_validation_options = [{
        domain_name           = "x.footfall.example"
        resource_record_name  = "_x.footfall.example"
        resource_record_type  = "CNAME"
        resource_record_value = "_y.acm-validations.aws"
      }]
    }
  }
}

variables {
  name           = "footfall-test"
  domain         = "footfall.example"
  zone_id        = "Z1"
  tenants_folder = "../tenants/tests/complete"
  zones          = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  administrators = { operators = "arn:aws:iam::123456789012:role/operators" }
  archive_bucket = "footfall-test-archive"
  page_endpoints = ["on-call@footfall.example"]
  node_groups    = { services = { instance_types = ["m7g.large"] } }
}

run "each_cluster_that_a_tenant_names_is_made" {
  command = plan

  assert {
    condition     = keys(output.clickhouse_clusters) == ["large", "shared"] && output.clickhouse_clusters["large"].dedicated
    error_message = "The folder of tenants decides which clusters exist."
  }

  assert {
    condition     = output.clickhouse_clusters["large"].url == "https://large.clickhouse.footfall.example"
    error_message = "Each cluster has its own endpoint."
  }
}

run "the_charts_values_are_footfalls_settings" {
  command = plan

  assert {
    condition     = output.helm_values.settings["FOOTFALL__KAFKA__PARTITIONS"] == "48" && output.helm_values.settings["FOOTFALL__KAFKA__REPLICATION"] == "3" && output.helm_values.settings["FOOTFALL__API__COLLECTOR_URL"] == "https://collect.footfall.example"
    error_message = "Settings that the infrastructure knows stand under the names of their variables."
  }

  assert {
    condition     = output.helm_values.settings["FOOTFALL__CLUSTERS__LARGE__URL"] == "https://large.clickhouse.footfall.example" && output.helm_values.settings["FOOTFALL__CLUSTERS__SHARED__READER_USER"] == "footfall_reader"
    error_message = "Each cluster is a section of the settings."
  }

  assert {
    condition     = keys(output.helm_values.serviceAccounts) == ["api", "backup", "collector", "logs", "migrate", "processor", "prometheus", "secrets"]
    error_message = "Each service has an account of its own."
  }

  assert {
    condition     = output.helm_values.externalSecrets.runtime == "footfall-test/runtime" && output.helm_values.networkPolicy.ports.kafka == 9098 && output.helm_values.autoscaling.processorMaxReplicas == 48
    error_message = "The chart knows its secrets, its ports and its limits."
  }

  assert {
    condition = (
      output.helm_values.settings["FOOTFALL__KAFKA__SECURITY_PROTOCOL"] == "sasl_ssl" &&
      output.helm_values.settings["FOOTFALL__KAFKA__SASL__MECHANISM"] == "AWS_MSK_IAM" &&
      output.helm_values.settings["FOOTFALL__KAFKA__SASL__REGION"] == "eu-central-1" &&
      output.helm_values.settings["FOOTFALL__KAFKA__SASL__USER"] == "" &&
      output.helm_values.networkPolicy.podIdentity
    )
    error_message = "Pods log in to Kafka by their role, which the agent of their node hands out."
  }

  assert {
    condition     = !strcontains(jsonencode(output.helm_values), "abcdefghijklmnopqrstuvwxyz0123456789")
    error_message = "There are no secrets in the values."
  }
}

run "kafka_by_scram_changes_login_port_and_secret" {
  command = plan

  variables {
    kafka = { authentication = ["scram"] }
  }

  assert {
    condition     = output.helm_values.kafka.login == "scram" && output.helm_values.networkPolicy.ports.kafka == 9096 && output.helm_values.externalSecrets.kafka == "AmazonMSK_footfall-test"
    error_message = "The chart gets all that the login needs."
  }

  assert {
    condition = (
      output.helm_values.settings["FOOTFALL__KAFKA__SASL__MECHANISM"] == "SCRAM-SHA-512" &&
      output.helm_values.settings["FOOTFALL__KAFKA__SASL__USER"] == "footfall" &&
      output.helm_values.settings["FOOTFALL__KAFKA__SASL__REGION"] == ""
    )
    error_message = "Pods log in to Kafka by SCRAM, with the password of their secret."
  }
}

run "a_clusters_size_can_differ_and_it_can_be_external" {
  command = plan

  variables {
    clickhouse_defaults = { replicas = 1 }
    clickhouse          = { large = { external_url = "https://clickhouse.example:8443" } }
  }

  assert {
    condition     = output.helm_values.settings["FOOTFALL__CLUSTERS__LARGE__URL"] == "https://clickhouse.example:8443" && output.helm_values.monitoring.clickhouseTargets == ["server-0.shared.clickhouse.footfall-test.internal:9363"]
    error_message = "One cluster is external, the other has the default size."
  }
}

run "a_cluster_that_no_tenant_names_is_refused" {
  command = plan

  variables {
    clickhouse = { forgotten = { replicas = 1 } }
  }

  expect_failures = [output.helm_values]
}

run "a_name_too_long_for_roles_is_refused" {
  command = plan

  variables {
    name = "footfall-in-a-very-long-environment"
  }

  expect_failures = [var.name]
}
