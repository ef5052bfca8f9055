locals {
  alarms = {
    storage     = { metric = "FreeStorageSpace", compare = "LessThanThreshold", threshold = var.storage_gib * 1024 * 1024 * 1024 / 10 }
    connections = { metric = "DatabaseConnections", compare = "GreaterThanThreshold", threshold = var.max_connections * 0.8 }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-postgres-${each.key}"
  alarm_description   = "PostgreSQL of ${var.name}: ${each.value.metric}"
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBInstanceIdentifier = aws_db_instance.this.identifier }
  statistic           = "Average"
  comparison_operator = each.value.compare
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topics
  ok_actions          = var.alarm_topics
}
