output "helm_values" {
  description = "Values for the chart: `tofu output -json helm_values > values.json`."
  value       = module.platform.helm_values
}

output "operator" {
  description = "What an operator needs for the steps of the README."
  value       = module.platform.operator
}

output "clickhouse_clusters" {
  description = "The ClickHouse clusters, with their tenants."
  value       = module.platform.clickhouse_clusters
}
