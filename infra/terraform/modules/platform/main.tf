# One whole platform. An environment is this module with values; how the parts fit together stands here once.
locals {
  clients = { eks = module.eks.node_security_group_id }

  defaults = {
    replicas              = 2
    active_replica        = 0
    external_url          = null
    instance_type         = "r7g.2xlarge"
    volume_gib            = 1000
    volume_iops           = 6000
    volume_throughput_mib = 500
    query_memory_gib      = 8
    query_threads         = 8
  }
  clickhouse = {
    for cluster, placed in module.tenants.clusters : cluster => merge(
      local.defaults,
      { for key, value in var.clickhouse_defaults : key => value if value != null },
      { for key, value in try(var.clickhouse[cluster], {}) : key => value if value != null },
    )
  }

  # Every service may connect to Kafka; beyond that, each has what it needs.
  service_statements = {
    collector = []
    processor = module.archive.statements.processor
    api       = module.archive.statements.api
    migrate   = []
    backup    = module.archive.statements.backup
  }
}

module "tenants" {
  source = "../tenants"

  folder = var.tenants_folder
}

module "network" {
  source = "../network"

  name         = var.name
  cidr         = var.cidr
  zones        = var.zones
  nat_per_zone = var.nat_per_zone
}

module "observability" {
  source = "../observability"

  name             = var.name
  page_endpoints   = var.page_endpoints
  ticket_endpoints = var.ticket_endpoints
  rules            = var.rules
}

module "eks" {
  source = "../eks"

  name                  = var.name
  kubernetes_version    = var.kubernetes_version
  subnet_ids            = module.network.private_subnet_ids
  endpoint_public_cidrs = var.endpoint_public_cidrs
  administrators        = var.administrators
  node_groups           = var.node_groups
  deletion_protection   = var.deletion_protection

  service_accounts = merge(
    { for service, statements in local.service_statements : "footfall-${service}" => {
      namespace  = var.namespace
      statements = concat(module.kafka.client_statements, statements)
    } },
    {
      footfall-secrets    = { namespace = var.namespace, statements = module.secrets.reader_statements }
      footfall-prometheus = { namespace = "monitoring", statements = module.observability.prometheus_statements }
      footfall-logs       = { namespace = "monitoring", statements = module.observability.log_statements }
    },
  )
}

module "kafka" {
  source = "../kafka"

  name             = var.name
  vpc_id           = module.network.vpc_id
  subnet_ids       = module.network.data_subnet_ids
  clients          = local.clients
  kafka_version    = var.kafka.version
  instance_type    = var.kafka.instance_type
  brokers_per_zone = var.kafka.brokers_per_zone
  volume_gib       = var.kafka.volume_gib
  volume_max_gib   = var.kafka.volume_max_gib
  partitions       = var.kafka.partitions
  authentication   = var.kafka.authentication
  scram_secret_arn = module.secrets.kafka_secret_arn
  alarm_topics     = [module.observability.page_topic_arn]
}

module "postgres" {
  source = "../postgres"

  name                = var.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.data_subnet_ids
  clients             = local.clients
  engine_version      = var.postgres.engine_version
  instance_class      = var.postgres.instance_class
  storage_gib         = var.postgres.storage_gib
  multi_az            = var.postgres.multi_az
  backup_days         = var.postgres.backup_days
  max_connections     = var.postgres.max_connections
  pool_connections    = var.postgres.own_logins ? 6 : 16 # of each login
  processes           = var.postgres.processes * (var.postgres.own_logins ? 3 : 1)
  deletion_protection = var.deletion_protection
  alarm_topics        = [module.observability.page_topic_arn]
}

module "redis" {
  source = "../redis"

  name         = var.name
  vpc_id       = module.network.vpc_id
  subnet_ids   = module.network.data_subnet_ids
  clients      = local.clients
  node_type    = var.redis.node_type
  replicas     = var.redis.replicas
  password     = module.secrets.redis_password
  alarm_topics = [module.observability.page_topic_arn]
}

module "archive" {
  source = "../archive"

  name      = var.name
  bucket    = var.archive_bucket
  lock_days = var.archive_lock_days
}

module "backups" {
  source = "../backups"

  name   = var.name
  bucket = "${var.archive_bucket}-backups"
  days   = var.backup_days
}

# A tenant that names a cluster of its own in its file gets one with the next apply.
module "clickhouse" {
  source   = "../clickhouse"
  for_each = local.clickhouse

  name                  = var.name
  cluster               = each.key
  vpc_id                = module.network.vpc_id
  zones                 = var.zones
  subnet_ids            = module.network.private_subnet_ids
  clients               = local.clients
  domain                = var.domain
  zone_id               = var.zone_id
  secret_arn            = module.secrets.cluster_secret_arns[each.key]
  secret_key_arn        = module.secrets.key_arn
  clickhouse_version    = var.clickhouse_version
  external_url          = each.value.external_url
  replicas              = each.value.replicas
  active_replica        = each.value.active_replica
  instance_type         = each.value.instance_type
  volume_gib            = each.value.volume_gib
  volume_iops           = each.value.volume_iops
  volume_throughput_mib = each.value.volume_throughput_mib
  query_memory_gib      = each.value.query_memory_gib
  query_threads         = each.value.query_threads
  backups               = { endpoint = module.backups.endpoint, arn = module.backups.arn, key_arn = module.backups.key_arn }
  deletion_protection   = var.deletion_protection
  alarm_topics          = [module.observability.page_topic_arn]
}

module "secrets" {
  source = "../secrets"

  name          = var.name
  postgres_host = module.postgres.host
  redis_host    = module.redis.host
  clusters      = keys(module.tenants.clusters)
  kafka_scram   = contains(var.kafka.authentication, "scram")
  pods_by_scram = local.login == "scram"
  own_logins    = var.postgres.own_logins
}
