output "url" {
  description = "The cluster's address: `clusters.<name>.url`."
  value       = local.own ? "https://${local.endpoint}" : var.external_url
}

output "port" {
  description = "The port of the address, for the chart's network policies."
  value       = local.own ? 443 : tonumber(try(regex(":([0-9]+)$", var.external_url)[0], "443"))
}

output "metrics_targets" {
  description = "Where Prometheus scrapes the machines: `host:port`."
  value       = [for machine in keys(local.machines) : "${local.hosts[machine]}:9363"]
}
