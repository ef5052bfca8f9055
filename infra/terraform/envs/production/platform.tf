# Production: three zones, a standby of everything, and nothing that can be deleted by mistake.
module "platform" {
  source = "../../modules/platform"

  name                  = "footfall-production"
  tenants_folder        = "${path.module}/../../../../tenants"
  domain                = var.domain
  zone_id               = var.zone_id
  cidr                  = "10.40.0.0/16"
  zones                 = var.zones
  archive_bucket        = var.archive_bucket
  administrators        = var.administrators
  endpoint_public_cidrs = var.endpoint_public_cidrs
  page_endpoints        = var.page_endpoints
  ticket_endpoints      = var.ticket_endpoints

  node_groups = {
    services = { instance_types = ["m7g.2xlarge", "m6g.2xlarge"], min_per_zone = 1, max_per_zone = 6 }
  }

  # 16 connections of each process: 12 collectors, 24 apis and 4 sinks of up to 48 processors share them.
  postgres = { instance_class = "db.r7g.2xlarge", storage_gib = 200, max_connections = 5000, processes = 228 }
  kafka    = { instance_type = "kafka.m7g.xlarge", volume_gib = 1000, volume_max_gib = 8000 }
  redis    = { node_type = "cache.r7g.xlarge", replicas = 2 }

  # Clusters come from tenants/; only sizes that differ from the module's stand here.
  clickhouse = {}
}
