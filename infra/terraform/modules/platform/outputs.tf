output "helm_values" {
  description = "The chart's values that only the infrastructure knows. There are no secrets in them."
  value       = local.helm_values

  precondition {
    condition     = length(setsubtract(keys(var.clickhouse), keys(module.tenants.clusters))) == 0
    error_message = "clickhouse names clusters that no tenant's file names: ${join(", ", setsubtract(keys(var.clickhouse), keys(module.tenants.clusters)))}."
  }
}

output "operator" {
  description = "What an operator needs for the steps of the README."
  value = {
    kubernetes_cluster            = module.eks.cluster_name
    postgres_host                 = module.postgres.host
    postgres_administrator_secret = module.postgres.administrator_secret_arn
    postgres_role_secret          = module.secrets.postgres_secret_name
  }
}

output "clickhouse_clusters" {
  description = "The ClickHouse clusters, with their tenants."
  value       = { for cluster, placed in module.tenants.clusters : cluster => merge(placed, { url = module.clickhouse[cluster].url }) }
}
