# One ClickHouse cluster: a pair of servers in two zones, with three Keepers that agree on what is
# replicated; or an external endpoint, and then nothing is made here.
data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  name     = "${var.name}-clickhouse-${var.cluster}"
  own      = var.external_url == null
  servers  = local.own ? { for index in range(var.replicas) : "server-${index}" => index } : {}
  keepers  = local.own && var.replicas > 1 ? { for index in range(3) : "keeper-${index}" => index } : {}
  machines = merge(local.servers, local.keepers)
  one      = local.own ? { (var.cluster) = true } : {}

  # Machines know each other by name, so that a replaced one needs no change of the others.
  domain       = "${var.cluster}.clickhouse.${var.name}.internal"
  hosts        = { for machine in keys(local.machines) : machine => "${machine}.${local.domain}" }
  server_hosts = [for machine in keys(local.servers) : local.hosts[machine]]
  keeper_hosts = [for machine in keys(local.keepers) : local.hosts[machine]]
  endpoint     = "${var.cluster}.clickhouse.${var.domain}"

  managed_policies = "arn:${data.aws_partition.current.partition}:iam::aws:policy"
}

module "key" {
  source   = "../key"
  for_each = local.one

  name        = local.name
  description = "ClickHouse ${var.cluster} of ${var.name}"
}

data "aws_ssm_parameter" "image" {
  for_each = local.one

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

# A volume outlives its machine: a replaced server finds its data again.
resource "aws_ebs_volume" "data" {
  for_each = local.machines

  availability_zone = var.zones[each.value]
  type              = "gp3"
  size              = startswith(each.key, "server") ? var.volume_gib : 20
  iops              = startswith(each.key, "server") ? var.volume_iops : 3000
  throughput        = startswith(each.key, "server") ? var.volume_throughput_mib : 125
  encrypted         = true
  kms_key_id        = module.key[var.cluster].arn
  final_snapshot    = true

  tags = {
    Name                    = "${local.name}-${each.key}"
    "footfall.dev/snapshot" = startswith(each.key, "server") ? local.name : "none"
  }
}

resource "aws_volume_attachment" "data" {
  for_each = local.machines

  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.data[each.key].id
  instance_id                    = aws_instance.this[each.key].id
  stop_instance_before_detaching = true
}

resource "aws_instance" "this" {
  for_each = local.machines

  ami                     = data.aws_ssm_parameter.image[var.cluster].insecure_value
  instance_type           = startswith(each.key, "server") ? var.instance_type : var.keeper_instance_type
  subnet_id               = var.subnet_ids[each.value]
  vpc_security_group_ids  = [aws_security_group.machines[var.cluster].id]
  iam_instance_profile    = aws_iam_instance_profile.this[var.cluster].name
  ebs_optimized           = true
  monitoring              = true
  disable_api_termination = var.deletion_protection

  associate_public_ip_address = false

  user_data_base64 = base64gzip(startswith(each.key, "server") ? templatefile("${path.module}/templates/server.sh", {
    version         = var.clickhouse_version
    volume          = replace(aws_ebs_volume.data[each.key].id, "-", "")
    secret          = var.secret_arn
    region          = data.aws_region.current.region
    host            = local.hosts[each.key]
    accounts        = file("${path.module}/../../../local/clickhouse/users.xml")
    no_default_user = file("${path.module}/../../../compose/no-default-user.xml")
    query_memory    = var.query_memory_gib * 1024 * 1024 * 1024
    query_threads   = var.query_threads
    backups         = "${var.backups.endpoint}${var.cluster}/"
    free_space      = floor(var.volume_gib * 1024 * 1024 * 1024 * 0.1)
    servers         = local.server_hosts
    keepers         = local.keeper_hosts
    }) : templatefile("${path.module}/templates/keeper.sh", {
    version = var.clickhouse_version
    volume  = replace(aws_ebs_volume.data[each.key].id, "-", "")
    id      = each.value + 1
    keepers = local.keeper_hosts
  }))

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 30
    encrypted   = true
    kms_key_id  = module.key[var.cluster].arn
  }

  tags = { Name = "${local.name}-${each.key}" }

  # A newer image or script reaches a machine when an operator replaces it, one at a time:
  # `tofu apply -replace`, as the README of infra/terraform says.
  lifecycle {
    ignore_changes = [ami, user_data_base64]

    precondition {
      condition     = var.active_replica < var.replicas
      error_message = "active_replica must be less than replicas: it is the number of a server, from 0."
    }
  }
}

resource "aws_route53_zone" "internal" {
  #checkov:skip=CKV2_AWS_38:DNSSEC does not exist for private zones.
  #checkov:skip=CKV2_AWS_39:Query logging does not exist for private zones.
  for_each = local.one

  name    = local.domain
  comment = "Machines of ClickHouse ${var.cluster} of ${var.name}"

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "machine" {
  for_each = local.machines

  zone_id = aws_route53_zone.internal[var.cluster].zone_id
  name    = local.hosts[each.key]
  type    = "A"
  ttl     = 30
  records = [aws_instance.this[each.key].private_ip]
}
