# Staging: the same parts as production, smaller, and without the standbys that cost most.
module "platform" {
  source = "../../modules/platform"

  name                  = "footfall-staging"
  tenants_folder        = "${path.module}/../../../../tenants"
  domain                = var.domain
  zone_id               = var.zone_id
  cidr                  = "10.41.0.0/16"
  zones                 = var.zones
  nat_per_zone          = false
  archive_bucket        = var.archive_bucket
  archive_lock_days     = 8
  backup_days           = 15
  administrators        = var.administrators
  endpoint_public_cidrs = var.endpoint_public_cidrs
  page_endpoints        = var.page_endpoints
  ticket_endpoints      = var.ticket_endpoints
  deletion_protection   = false

  node_groups = {
    services = { instance_types = ["m7g.large"], min_per_zone = 1, max_per_zone = 2 }
  }

  # The number of partitions is production's, so that staging finds what depends on it.
  kafka    = { volume_gib = 100, volume_max_gib = 500 }
  postgres = { instance_class = "db.t4g.medium", storage_gib = 50, multi_az = false, backup_days = 7, max_connections = 400, processes = 16 }
  redis    = { node_type = "cache.t4g.small" }

  clickhouse_defaults = {
    replicas              = 1
    instance_type         = "r7g.large"
    volume_gib            = 100
    volume_iops           = 3000
    volume_throughput_mib = 125
    query_memory_gib      = 2
    query_threads         = 2
  }
}
