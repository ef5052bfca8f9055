# What Prometheus inside the cluster could not report if the log were the reason that it is silent.
locals {
  alarms = {
    offline-partitions = { metric = "OfflinePartitionsCount", statistic = "Maximum", compare = "GreaterThanThreshold", threshold = 0 }
    controllers        = { metric = "ActiveControllerCount", statistic = "Average", compare = "LessThanThreshold", threshold = 1 / 3 / var.brokers_per_zone }
  }
}

resource "aws_cloudwatch_metric_alarm" "cluster" {
  for_each = local.alarms

  alarm_name          = "${var.name}-kafka-${each.key}"
  alarm_description   = "Kafka of ${var.name}: ${each.value.metric}"
  namespace           = "AWS/Kafka"
  metric_name         = each.value.metric
  dimensions          = { "Cluster Name" = aws_msk_cluster.this.cluster_name }
  statistic           = each.value.statistic
  comparison_operator = each.value.compare
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topics
  ok_actions          = var.alarm_topics
}
