# A key of KMS for the data of one store. Whoever may use a store's data is decided by IAM policies of
# this account; the services listed here encrypt on its behalf.
data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_statement = {
    Sid       = "AccountDecidesByPolicies"
    Effect    = "Allow"
    Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
  service_statements = [for service in var.services : {
    Sid       = "Service${index(var.services, service)}"
    Effect    = "Allow"
    Principal = { Service = service }
    Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    Resource  = "*"
    # Another account's use of the same service must not reach this key.
    Condition = startswith(service, "logs.") ? {
      ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:*:${data.aws_caller_identity.current.account_id}:*" }
      } : {
      StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
    }
  }]
}

resource "aws_kms_key" "this" {
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.account_statement], local.service_statements)
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
