# Daily snapshots of the servers' volumes, and alarms of the machines.
resource "aws_iam_role" "snapshots" {
  for_each = local.one

  name = "${local.name}-snapshots"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "dlm.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "snapshots" {
  for_each = local.one

  role       = aws_iam_role.snapshots[var.cluster].name
  policy_arn = "${local.managed_policies}/service-role/AWSDataLifecycleManagerServiceRole"
}

resource "aws_dlm_lifecycle_policy" "snapshots" {
  for_each = local.one

  description        = "Daily snapshots of ClickHouse ${var.cluster}"
  execution_role_arn = aws_iam_role.snapshots[var.cluster].arn
  state              = "ENABLED"

  policy_details {
    resource_types = ["VOLUME"]
    target_tags    = { "footfall.dev/snapshot" = local.name }

    schedule {
      name      = "daily"
      copy_tags = true

      create_rule {
        interval      = 24
        interval_unit = "HOURS"
        times         = ["02:00"]
      }

      retain_rule {
        count = var.snapshot_days
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "status" {
  for_each = local.machines

  alarm_name          = "${local.name}-${each.key}-status"
  alarm_description   = "A machine of ClickHouse ${var.cluster} does not answer"
  namespace           = "AWS/EC2"
  metric_name         = "StatusCheckFailed"
  dimensions          = { InstanceId = aws_instance.this[each.key].id }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topics
  ok_actions          = var.alarm_topics
}
