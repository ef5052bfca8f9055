# The control plane and the ledger: tenants, users, leases, plans and marks. It is restored to a point in
# time if it must be, and reconciliation then finds what ClickHouse has beyond that point.
data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  major = split(".", var.engine_version)[0]
}

module "key" {
  source = "../key"

  name        = "${var.name}-postgres"
  description = "PostgreSQL of ${var.name}"
  services    = ["logs.${data.aws_region.current.region}.amazonaws.com"]
}

resource "aws_db_subnet_group" "this" {
  name       = "${var.name}-postgres"
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-postgres"
  description = "PostgreSQL of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-postgres" }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = var.clients

  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL for ${each.key}"
  referenced_security_group_id = each.value
  from_port                    = 5432
  to_port                      = 5432
  ip_protocol                  = "tcp"
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-postgres${local.major}-"
  family      = "postgres${local.major}"

  dynamic "parameter" {
    for_each = {
      "rds.force_ssl"              = { value = "1", apply = "immediate" }
      "max_connections"            = { value = tostring(var.max_connections), apply = "pending-reboot" }
      "synchronous_commit"         = { value = "on", apply = "immediate" }
      "password_encryption"        = { value = "scram-sha-256", apply = "immediate" }
      "log_min_duration_statement" = { value = "1000", apply = "immediate" }
      "log_lock_waits"             = { value = "1", apply = "immediate" }
      "log_statement"              = { value = "ddl", apply = "immediate" }
      # A forgotten replication slot may not fill the disk, in MB.
      "max_slot_wal_keep_size" = { value = "10240", apply = "immediate" }
    }

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.apply
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role" "monitoring" {
  name = "${var.name}-postgres-monitoring"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "monitoring.rds.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = 365
  kms_key_id        = module.key.arn
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:multi_az is on by default, and a test holds this; staging may turn it off.
  #checkov:skip=CKV_AWS_161:Footfall logs in as its own role with a password: an IAM token lives 15 minutes, a pool's connection longer.
  #checkov:skip=CKV_AWS_293:deletion_protection is on by default, and a test holds this.
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class

  allocated_storage     = var.storage_gib
  max_allocated_storage = var.storage_max_gib
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = module.key.arn

  db_name                       = "postgres"
  username                      = "administrator"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = module.key.arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period   = var.backup_days
  backup_window             = "02:00-03:00"
  maintenance_window        = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  # Changes wait for the maintenance window, so that a plan never restarts the ledger by surprise.
  apply_immediately           = false
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = module.key.arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = var.pool_connections * var.processes < var.max_connections * 0.8
      error_message = "${var.processes} processes with ${var.pool_connections} connections each need more than 80 % of max_connections."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this]
}
