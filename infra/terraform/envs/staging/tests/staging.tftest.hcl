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
  region         = "eu-central-1"
  account_id     = "123456789012"
  zones          = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  domain         = "footfall.example"
  zone_id        = "Z1"
  archive_bucket = "footfall-staging-archive"
  administrators = { operators = "arn:aws:iam::123456789012:role/operators" }
  page_endpoints = ["on-call@footfall.example"]
}

run "the_clusters_of_this_repositorys_tenants_are_made" {
  command = plan

  assert {
    condition     = keys(output.clickhouse_clusters) == ["dedicated", "shared"] && output.clickhouse_clusters["dedicated"].tenants[0] == "northwind"
    error_message = "tenants/ decides which clusters exist."
  }
}

run "the_number_of_partitions_is_the_same_everywhere" {
  command = plan

  assert {
    condition     = output.helm_values.settings["FOOTFALL__KAFKA__PARTITIONS"] == "48"
    error_message = "It cannot change later, and staging must find what depends on it."
  }
}

run "the_clusters_have_the_machines_of_this_environment" {
  command = plan

  assert {
    condition     = length(output.helm_values.monitoring.clickhouseTargets) == 2
    error_message = "Staging has one server in each of two clusters."
  }
}

run "another_account_is_refused" {
  command = plan

  variables {
    account_id = "production"
  }

  expect_failures = [var.account_id]
}
