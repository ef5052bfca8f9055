output "clusters" {
  description = "The ClickHouse clusters by name: the tenants on each, and whether it belongs to one tenant alone."
  value = {
    for cluster, tenants in local.residents : cluster => {
      tenants   = tenants
      dedicated = contains(values(local.dedicated), cluster)
    }
  }

  precondition {
    condition     = length(local.incomplete) == 0
    error_message = "These files need `isolation` and `cluster` above their first table: ${join(", ", local.incomplete)}."
  }

  precondition {
    condition     = length(local.crowded) == 0
    error_message = "A dedicated tenant's cluster has no other tenant; these share theirs: ${join(", ", local.crowded)}."
  }
}
