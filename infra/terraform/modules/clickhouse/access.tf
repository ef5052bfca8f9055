# Who reaches the machines, and what the machines may read.
locals {
  peer_ports = { native = 9000, interserver = 9009, keeper = 9181, raft = 9234 }

  client_access = merge([
    for client, group in var.clients : local.own ? {
      "${client}-https"   = { group = group, target = "balancer", port = 443 }
      "${client}-metrics" = { group = group, target = "machines", port = 9363 }
    } : {}
  ]...)
}

resource "aws_security_group" "machines" {
  for_each = local.one

  name        = local.name
  description = "Machines of ClickHouse ${var.cluster} of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = { Name = local.name }
}

resource "aws_security_group" "balancer" {
  for_each = local.one

  name        = "${local.name}-balancer"
  description = "The endpoint of ClickHouse ${var.cluster} of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = { Name = "${local.name}-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = local.client_access

  security_group_id            = each.value.target == "balancer" ? aws_security_group.balancer[var.cluster].id : aws_security_group.machines[var.cluster].id
  description                  = each.key
  referenced_security_group_id = each.value.group
  from_port                    = each.value.port
  to_port                      = each.value.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_ingress_rule" "peer" {
  for_each = local.own ? local.peer_ports : {}

  security_group_id            = aws_security_group.machines[var.cluster].id
  description                  = "${each.key} between the machines"
  referenced_security_group_id = aws_security_group.machines[var.cluster].id
  from_port                    = each.value
  to_port                      = each.value
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = local.one

  security_group_id            = aws_security_group.machines[var.cluster].id
  description                  = "HTTPS from the load balancer"
  referenced_security_group_id = aws_security_group.balancer[var.cluster].id
  from_port                    = 8443
  to_port                      = 8443
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  for_each = local.one

  security_group_id            = aws_security_group.balancer[var.cluster].id
  description                  = "HTTPS to the machines"
  referenced_security_group_id = aws_security_group.machines[var.cluster].id
  from_port                    = 8443
  to_port                      = 8443
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "peer" {
  for_each = local.own ? local.peer_ports : {}

  security_group_id            = aws_security_group.machines[var.cluster].id
  description                  = "${each.key} between the machines"
  referenced_security_group_id = aws_security_group.machines[var.cluster].id
  from_port                    = each.value
  to_port                      = each.value
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = local.one

  security_group_id = aws_security_group.machines[var.cluster].id
  description       = "Packages, secrets and session manager"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_iam_role" "this" {
  for_each = local.one

  name = local.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "secret" {
  for_each = local.one

  name = "read-accounts"
  role = aws_iam_role.this[var.cluster].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = var.secret_arn },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = var.secret_key_arn },
    ]
  })
}

# What `footfall backup` lets a server write, and what a restore lets it read: the folder of its own cluster.
resource "aws_iam_role_policy" "backups" {
  for_each = local.one

  name = "write-backups"
  role = aws_iam_role.this[var.cluster].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = "${var.backups.arn}/${var.cluster}/*"
      },
      {
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.backups.arn
        Condition = { StringLike = { "s3:prefix" = "${var.cluster}/*" } }
      },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.backups.key_arn },
    ]
  })
}

# Operators reach a machine through Session Manager: there is no SSH and no key to lose.
resource "aws_iam_role_policy_attachment" "sessions" {
  for_each = local.one

  role       = aws_iam_role.this[var.cluster].name
  policy_arn = "${local.managed_policies}/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "this" {
  for_each = local.one

  name = local.name
  role = aws_iam_role.this[var.cluster].name
}
