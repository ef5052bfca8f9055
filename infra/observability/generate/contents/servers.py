"""What the stores report of themselves."""

from .parts import Board, Chart

SERVERS = Board(
    "footfall-servers",
    "Servers",
    "What Kafka, ClickHouse, Redis and PostgreSQL report of themselves.",
    {
        "Kafka": [
            Chart(
                "Partitions without a leader, or with too few replicas",
                "short",
                [
                    ('sum(kafka_controller_KafkaController_Value{name="OfflinePartitionsCount"})', "offline"),
                    ('sum(kafka_server_ReplicaManager_Value{name="UnderMinIsrPartitionCount"})', "under min.insync"),
                ],
            ),
            Chart(
                "Bytes in and out",
                "Bps",
                [
                    ('sum(rate(kafka_server_BrokerTopicMetrics_Count{name="BytesInPerSec",topic=""}[$__rate_interval]))', "in"),
                    ('sum(rate(kafka_server_BrokerTopicMetrics_Count{name="BytesOutPerSec",topic=""}[$__rate_interval]))', "out"),
                ],
            ),
            Chart(
                "Time of a produce request, p99",
                "ms",
                [('max(kafka_network_RequestMetrics_99thPercentile{name="TotalTimeMs",request="Produce"})', "produce")],
            ),
            Chart("Size of the log", "bytes", [('sum by (topic) (kafka_log_Log_Value{name="Size"})', "{{topic}}")]),
        ],
        "ClickHouse": [
            Chart("Parts", "short", [("ClickHouseMetrics_PartsActive", "{{instance}}")]),
            Chart("Most parts of a partition", "short", [("ClickHouseAsyncMetrics_MaxPartCountForPartition", "{{instance}}")]),
            Chart(
                "Delayed and rejected inserts",
                "short",
                [
                    ("increase(ClickHouseProfileEvents_DelayedInserts[1h])", "{{instance}} delayed"),
                    ("increase(ClickHouseProfileEvents_RejectedInserts[1h])", "{{instance}} rejected"),
                ],
            ),
            Chart(
                "Queries",
                "reqps",
                [
                    ("rate(ClickHouseProfileEvents_SelectQuery[$__rate_interval])", "{{instance}} select"),
                    ("rate(ClickHouseProfileEvents_InsertQuery[$__rate_interval])", "{{instance}} insert"),
                ],
            ),
            Chart("Running queries and merges", "short", [("ClickHouseMetrics_Query", "{{instance}} queries"), ("ClickHouseMetrics_Merge", "{{instance}} merges")]),
            Chart("Memory", "bytes", [("ClickHouseMetrics_MemoryTracking", "{{instance}}")]),
        ],
        "Redis": [
            Chart("Memory", "bytes", [("redis_memory_used_bytes", "used"), ("redis_memory_max_bytes", "limit")]),
            Chart("Commands", "ops", [("rate(redis_commands_processed_total[$__rate_interval])", "{{instance}}")]),
            Chart("Evicted keys", "short", [("increase(redis_evicted_keys_total[1h])", "{{instance}}")]),
            Chart("Clients", "short", [("redis_connected_clients", "{{instance}}")]),
        ],
        "PostgreSQL": [
            Chart(
                "Connections",
                "short",
                [("sum by (server) (pg_stat_activity_count)", "taken"), ("max by (server) (pg_settings_max_connections)", "limit")],
            ),
            Chart("Oldest transaction", "s", [("max by (server) (pg_stat_activity_max_tx_duration)", "{{server}}")]),
            Chart(
                "Transactions",
                "cps",
                [
                    ("sum by (server) (rate(pg_stat_database_xact_commit[$__rate_interval]))", "committed"),
                    ("sum by (server) (rate(pg_stat_database_xact_rollback[$__rate_interval]))", "rolled back"),
                ],
            ),
            Chart("Deadlocks", "short", [("sum by (server) (increase(pg_stat_database_deadlocks[1h]))", "{{server}}")]),
        ],
    },
)
