INSERT INTO tenant
    (client_id, name, state, events_per_second, concurrent_queries, live_streams,
     partition_spread, retention_days, time_zone, currency, origins,
     query_seconds, query_memory_mib, query_rows, quotas, rollup_retention_days)
VALUES ($1, $2, 'provisioning', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
