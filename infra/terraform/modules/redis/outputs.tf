output "host" {
  description = "The address of the primary, which moves with a failover."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "port" {
  description = "The port, TLS only."
  value       = 6379
}

output "slot_buckets" {
  description = "The number of primaries: `redis.slot_buckets`."
  value       = 1
}
