# The log. An event that was answered 202 is on two brokers, in two zones, or in a collector's spool.
data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  zones = 3

  # Footfall creates its topics itself; these are the cluster's rules for them.
  properties = {
    "auto.create.topics.enable"                = "false"
    "default.replication.factor"               = tostring(local.zones)
    "min.insync.replicas"                      = "2"
    "unclean.leader.election.enable"           = "false"
    "log.message.timestamp.type"               = "LogAppendTime"
    "log.retention.hours"                      = tostring(var.retention_hours)
    "num.partitions"                           = tostring(var.partitions)
    "offsets.topic.replication.factor"         = tostring(local.zones)
    "transaction.state.log.replication.factor" = tostring(local.zones)
    "transaction.state.log.min.isr"            = "2"
    "replica.lag.time.max.ms"                  = "30000"
  }

  ports = merge(
    contains(var.authentication, "iam") ? { iam = 9098 } : {},
    contains(var.authentication, "scram") ? { scram = 9096 } : {},
    { jmx-metrics = 11001, node-metrics = 11002 },
  )

  access = merge([
    for client, group in var.clients : { for use, port in local.ports : "${client}-${use}" => { group = group, port = port, use = use } }
  ]...)

  topics = ["events.v1", "rejects.v1", "parked.v1"]

  arn_prefix = "arn:${data.aws_partition.current.partition}:kafka:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
}

module "key" {
  source = "../key"

  name        = "${var.name}-kafka"
  description = "The log of ${var.name}"
  services    = ["logs.${data.aws_region.current.region}.amazonaws.com"]
}

resource "aws_security_group" "this" {
  name        = "${var.name}-kafka"
  description = "Brokers of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-kafka" }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = local.access

  security_group_id            = aws_security_group.this.id
  description                  = "${each.value.use} for ${each.key}"
  referenced_security_group_id = each.value.group
  from_port                    = each.value.port
  to_port                      = each.value.port
  ip_protocol                  = "tcp"
}

resource "aws_cloudwatch_log_group" "brokers" {
  name              = "/aws/msk/${var.name}"
  retention_in_days = 365
  kms_key_id        = module.key.arn
}

resource "aws_msk_configuration" "this" {
  name              = "${var.name}-${replace(var.kafka_version, ".", "-")}"
  kafka_versions    = [var.kafka_version]
  server_properties = join("\n", [for key, value in local.properties : "${key}=${value}"])

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_msk_cluster" "this" {
  cluster_name           = var.name
  kafka_version          = var.kafka_version
  number_of_broker_nodes = local.zones * var.brokers_per_zone
  enhanced_monitoring    = "PER_TOPIC_PER_BROKER"

  broker_node_group_info {
    instance_type   = var.instance_type
    client_subnets  = var.subnet_ids
    security_groups = [aws_security_group.this.id]

    storage_info {
      ebs_storage_info {
        volume_size = var.volume_gib
      }
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.this.arn
    revision = aws_msk_configuration.this.latest_revision
  }

  client_authentication {
    unauthenticated = false
    sasl {
      iam   = contains(var.authentication, "iam")
      scram = contains(var.authentication, "scram")
    }
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = module.key.arn
    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  open_monitoring {
    prometheus {
      jmx_exporter {
        enabled_in_broker = true
      }
      node_exporter {
        enabled_in_broker = true
      }
    }
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.brokers.name
      }
    }
  }

  # The volumes have one owner: the autoscaling below. A plan would otherwise try to shrink what it grew.
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]
  }
}

resource "aws_appautoscaling_target" "volumes" {
  service_namespace  = "kafka"
  scalable_dimension = "kafka:broker-storage:VolumeSize"
  resource_id        = aws_msk_cluster.this.arn
  min_capacity       = 1
  max_capacity       = var.volume_max_gib

  lifecycle {
    precondition {
      condition     = var.volume_max_gib > var.volume_gib
      error_message = "volume_max_gib must be more than volume_gib, or a full disk stops the log."
    }
  }
}

resource "aws_appautoscaling_policy" "volumes" {
  name               = "${var.name}-kafka-volumes"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.volumes.service_namespace
  scalable_dimension = aws_appautoscaling_target.volumes.scalable_dimension
  resource_id        = aws_appautoscaling_target.volumes.resource_id

  target_tracking_scaling_policy_configuration {
    target_value     = 60
    disable_scale_in = true
    predefined_metric_specification {
      predefined_metric_type = "KafkaBrokerStorageUtilization"
    }
  }
}

resource "aws_msk_scram_secret_association" "this" {
  count = contains(var.authentication, "scram") ? 1 : 0

  cluster_arn     = aws_msk_cluster.this.arn
  secret_arn_list = [var.scram_secret_arn]

  lifecycle {
    precondition {
      condition     = var.scram_secret_arn != null
      error_message = "With \"scram\" in authentication, scram_secret_arn must name the secret of the login."
    }
  }
}
