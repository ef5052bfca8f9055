UPDATE tenant
SET name = $2, events_per_second = $3, concurrent_queries = $4, live_streams = $5,
    partition_spread = $6, retention_days = $7, time_zone = $8, currency = $9, origins = $10,
    query_seconds = $11, query_memory_mib = $12, query_rows = $13, quotas = $14,
    rollup_retention_days = $15
WHERE client_id = $1
