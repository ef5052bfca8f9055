-- The metrics of a ClickHouse server, under the names of its own endpoint for Prometheus. The embedded engine
-- of the local stack has neither that endpoint nor asynchronous metrics: those in use are computed here.
SELECT name, value, type
FROM
(
    SELECT concat('ClickHouseMetrics_', metric) AS name, toFloat64(value) AS value, 'gauge' AS type
    FROM system.metrics
    UNION ALL
    SELECT concat('ClickHouseProfileEvents_', event), toFloat64(value), 'counter'
    FROM system.events
    UNION ALL
    SELECT 'ClickHouseAsyncMetrics_MaxPartCountForPartition', toFloat64(max(parts)), 'gauge'
    FROM (SELECT count() AS parts FROM system.parts WHERE active GROUP BY database, table, partition)
    UNION ALL
    SELECT concat('ClickHouseAsyncMetrics_DiskAvailable_', name), toFloat64(free_space), 'gauge'
    FROM system.disks
    UNION ALL
    SELECT concat('ClickHouseAsyncMetrics_DiskTotal_', name), toFloat64(total_space), 'gauge'
    FROM system.disks
)
SETTINGS system_events_show_zero_values = 1
FORMAT Prometheus
