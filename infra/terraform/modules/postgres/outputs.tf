output "host" {
  description = "The address of the primary. Connect to it directly: a proxy would pin every session that prepares statements."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "The port."
  value       = 5432
}

output "administrator_secret_arn" {
  description = "The secret with the administrator's password, which RDS rotates. Only creating Footfall's role needs it."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "pool_connections" {
  description = "The most connections of one process: `postgres.max_connections`."
  value       = var.pool_connections
}
