# Where metrics, alerts and logs go. Prometheus in the cluster scrapes and evaluates; this keeps its series
# and notifies people, also when the cluster is what failed.
data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

module "key" {
  source = "../key"

  name        = "${var.name}-observability"
  description = "Metrics, alarms and logs of ${var.name}"
  services    = ["logs.${data.aws_region.current.region}.amazonaws.com", "cloudwatch.amazonaws.com", "aps.amazonaws.com"]
}

resource "aws_sns_topic" "alarms" {
  for_each = toset(["page", "ticket"])

  name              = "${var.name}-${each.key}"
  kms_master_key_id = module.key.arn
}

resource "aws_sns_topic_policy" "alarms" {
  for_each = aws_sns_topic.alarms

  arn = each.value.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "aps.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = each.value.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = merge([
    for topic, addresses in { page = var.page_endpoints, ticket = var.ticket_endpoints } : {
      for address in addresses : "${topic}-${address}" => { topic = topic, address = address }
    }
  ]...)

  topic_arn = aws_sns_topic.alarms[each.value.topic].arn
  protocol  = startswith(each.value.address, "https://") ? "https" : "email"
  endpoint  = each.value.address
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["prometheus", "services"])

  # The service that keeps the series accepts only names that begin this way.
  name              = "/aws/vendedlogs/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = module.key.arn
}

resource "aws_prometheus_workspace" "this" {
  alias       = var.name
  kms_key_arn = module.key.arn

  logging_configuration {
    log_group_arn = "${aws_cloudwatch_log_group.this["prometheus"].arn}:*"
  }
}

resource "aws_prometheus_rule_group_namespace" "this" {
  for_each = var.rules

  workspace_id = aws_prometheus_workspace.this.id
  name         = each.key
  data         = each.value
}

# An alert says by its label `severity` whether it wakes somebody.
resource "aws_prometheus_alert_manager_definition" "this" {
  workspace_id = aws_prometheus_workspace.this.id
  definition = yamlencode({
    alertmanager_config = yamlencode({
      route = {
        receiver        = "ticket"
        group_by        = ["alertname", "service", "sink"]
        group_wait      = "30s"
        group_interval  = "5m"
        repeat_interval = "4h"
        routes          = [{ matchers = ["severity=\"page\""], receiver = "page" }]
      }
      receivers = [for topic, resource in aws_sns_topic.alarms : {
        name = topic
        sns_configs = [{
          topic_arn     = resource.arn
          send_resolved = true
          sigv4         = { region = data.aws_region.current.region }
        }]
      }]
    })
  })
}
