output "pod_secrets" {
  description = "The names of the secrets that pods read: `runtime` and `migrate`."
  value       = { for use, secret in aws_secretsmanager_secret.pods : use => secret.name }
}

output "cluster_secret_arns" {
  description = "The secret of each ClickHouse cluster's accounts."
  value       = { for cluster in var.clusters : cluster => aws_secretsmanager_secret.store["clickhouse/${cluster}"].arn }
}

output "postgres_secret_name" {
  description = "The secret of Footfall's role in PostgreSQL, for the operator who creates the role."
  value       = aws_secretsmanager_secret.store["postgres"].name
}

output "kafka_secret_arn" {
  description = "The secret of Kafka's SCRAM login; null without one."
  value       = var.kafka_scram ? aws_secretsmanager_secret_version.kafka[0].arn : null
}

output "kafka_secret_name" {
  description = "The name of the same secret; null without one."
  value       = var.kafka_scram ? aws_secretsmanager_secret.kafka[0].name : null
}

output "kafka_user" {
  description = "The user of that login: `kafka.sasl.user`."
  value       = local.kafka_user
}

output "redis_password" {
  description = "The password of Redis."
  value       = local.kept["redis"].password
  sensitive   = true
}

output "key_arn" {
  description = "The key that encrypts all these secrets."
  value       = module.key.arn
}

output "reader_statements" {
  description = "What the role of External Secrets needs: to read the pods' secrets and nothing else."
  value = [
    {
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = concat([for secret in aws_secretsmanager_secret.pods : secret.arn], aws_secretsmanager_secret.kafka[*].arn)
    },
    { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [module.key.arn] },
  ]
}
