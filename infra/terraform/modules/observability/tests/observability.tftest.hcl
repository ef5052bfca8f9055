mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_resource "aws_prometheus_workspace" {
    defaults = { prometheus_endpoint = "https://aps.example/workspaces/ws-1/" }
  }
}

variables {
  name           = "footfall-test"
  page_endpoints = ["on-call@footfall.example", "https://pager.example/hook"]
}

run "alarms_reach_people_over_encrypted_topics" {
  command = plan

  assert {
    condition     = [for subscription in aws_sns_topic_subscription.alarms : subscription.protocol] == ["https", "email"]
    error_message = "Each receiver is reached in its own way."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 365])
    error_message = "Logs are kept for a year."
  }
}

run "severity_decides_who_is_told" {
  assert {
    condition     = yamldecode(yamldecode(aws_prometheus_alert_manager_definition.this.definition).alertmanager_config).route.receiver == "ticket" && yamldecode(yamldecode(aws_prometheus_alert_manager_definition.this.definition).alertmanager_config).route.routes[0].receiver == "page"
    error_message = "Alerts of severity page wake somebody, all others wait."
  }

  assert {
    condition     = output.remote_write_url == "https://aps.example/workspaces/ws-1/api/v1/remote_write" && output.prometheus_statements[0].Action == ["aps:RemoteWrite"]
    error_message = "Prometheus knows where to write, and may do nothing else."
  }
}

run "rules_are_evaluated_beside_the_series" {
  command = plan

  variables {
    rules = { slo = "groups: []" }
  }

  assert {
    condition     = keys(aws_prometheus_rule_group_namespace.this) == ["slo"]
    error_message = "Each file is a namespace."
  }
}

run "alarms_that_nobody_hears_are_refused" {
  command = plan

  variables {
    page_endpoints = []
  }

  expect_failures = [var.page_endpoints]
}

run "rules_that_prometheus_cannot_read_are_refused" {
  command = plan

  variables {
    rules = { slo = "alerts: []" }
  }

  expect_failures = [var.rules]
}
