mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name       = "footfall-test"
  vpc_id     = "vpc-1"
  subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  clients    = { eks = "sg-nodes" }
}

run "an_acknowledged_event_is_on_two_brokers" {
  command = plan

  assert {
    condition = alltrue([for line in [
      "min.insync.replicas=2", "default.replication.factor=3", "unclean.leader.election.enable=false",
      "auto.create.topics.enable=false", "log.message.timestamp.type=LogAppendTime", "log.retention.hours=168",
    ] : contains(split("\n", aws_msk_configuration.this.server_properties), line)])
    error_message = "The brokers' properties must keep every acknowledged event."
  }

  assert {
    condition     = aws_msk_cluster.this.number_of_broker_nodes == 3 && output.replication == 3 && output.partitions == 48
    error_message = "Three brokers, three copies, and 48 partitions from the start."
  }
}

run "only_tls_with_a_login_is_accepted" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].in_cluster
    error_message = "No plain text, neither from clients nor between brokers."
  }

  assert {
    condition     = !aws_msk_cluster.this.client_authentication[0].unauthenticated && aws_msk_cluster.this.client_authentication[0].sasl[0].iam && !aws_msk_cluster.this.client_authentication[0].sasl[0].scram
    error_message = "IAM is the only login unless another is asked for."
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.client : rule.from_port] == [9098, 11001, 11002]
    error_message = "Clients reach the login's port and the metrics, and nothing else."
  }

  assert {
    condition     = output.brokers.scram == null
    error_message = "A login that is off has no brokers."
  }
}

run "autoscaling_owns_the_volumes" {
  command = plan

  assert {
    condition     = aws_appautoscaling_target.volumes.max_capacity == 4000 && aws_appautoscaling_policy.volumes.target_tracking_scaling_policy_configuration[0].disable_scale_in
    error_message = "Volumes grow up to the limit and never shrink."
  }
}

run "scram_has_its_own_port_and_secret" {
  command = plan

  variables {
    authentication   = ["scram"]
    scram_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_footfall-test"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.client["eks-scram"].from_port == 9096 && length(aws_msk_scram_secret_association.this) == 1
    error_message = "SCRAM needs its port and its secret."
  }
}

run "a_role_may_use_footfalls_topics_only" {
  command = plan

  assert {
    condition     = output.client_statements[1].Resource == ["arn:aws:kafka:eu-central-1:123456789012:topic/footfall-test/*/events.v1", "arn:aws:kafka:eu-central-1:123456789012:topic/footfall-test/*/rejects.v1", "arn:aws:kafka:eu-central-1:123456789012:topic/footfall-test/*/parked.v1"]
    error_message = "The role reaches the topics of Footfall and no other."
  }

  assert {
    condition     = !contains(flatten([for statement in output.client_statements : statement.Action]), "kafka-cluster:DeleteTopic")
    error_message = "Nobody deletes the log."
  }
}

run "two_zones_are_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_log_open_to_all_is_refused" {
  command = plan

  variables {
    authentication = []
  }

  expect_failures = [var.authentication]
}

run "retention_shorter_than_the_search_for_duplicates_is_refused" {
  command = plan

  variables {
    retention_hours = 24
  }

  expect_failures = [var.retention_hours]
}

run "scram_without_a_secret_is_refused" {
  command = plan

  variables {
    authentication = ["scram"]
  }

  expect_failures = [aws_msk_scram_secret_association.this[0]]
}

run "volumes_that_cannot_grow_are_refused" {
  command = plan

  variables {
    volume_gib     = 500
    volume_max_gib = 500
  }

  expect_failures = [aws_appautoscaling_target.volumes]
}
