output "page_topic_arn" {
  description = "The topic of alarms that wake somebody."
  value       = aws_sns_topic.alarms["page"].arn
}

output "remote_write_url" {
  description = "Where Prometheus in the cluster sends its series, with the request signed (SigV4)."
  value       = "${aws_prometheus_workspace.this.prometheus_endpoint}api/v1/remote_write"
}

output "query_url" {
  description = "The data source of Grafana."
  value       = aws_prometheus_workspace.this.prometheus_endpoint
}

output "log_group" {
  description = "Where a log shipper sends the lines of Footfall's pods."
  value       = aws_cloudwatch_log_group.this["services"].name
}

output "prometheus_statements" {
  description = "What the role of Prometheus in the cluster needs."
  value       = [{ Effect = "Allow", Action = ["aps:RemoteWrite"], Resource = [aws_prometheus_workspace.this.arn] }]
}

output "log_statements" {
  description = "What the role of a log shipper needs."
  value = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    Resource = ["${aws_cloudwatch_log_group.this["services"].arn}:*"]
  }]
}
