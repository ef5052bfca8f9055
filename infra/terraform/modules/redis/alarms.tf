locals {
  nodes = toset([for index in range(1 + var.replicas) : format("%s-%03d", var.name, index + 1)])

  alarms = merge([
    for node in local.nodes : {
      "${node}-memory"    = { node = node, metric = "DatabaseMemoryUsagePercentage", threshold = 70 }
      "${node}-evictions" = { node = node, metric = "Evictions", threshold = 0 }
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = each.key
  alarm_description   = "Redis of ${var.name}: ${each.value.metric}"
  namespace           = "AWS/ElastiCache"
  metric_name         = each.value.metric
  dimensions          = { CacheClusterId = each.value.node }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topics
  ok_actions          = var.alarm_topics
}
