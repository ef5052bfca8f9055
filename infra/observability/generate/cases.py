#!/usr/bin/env python3
"""Writes the cases of promtool: for each alert, series with which it fires, and series with which it does not.

usage: cases.py FOLDER, which gets a file of cases for each file of rules
"""

import json
import sys
from pathlib import Path

import yaml

from slos import SLOS

OBSERVABILITY = Path(__file__).resolve().parent.parent


# Alert: the labels with which it fires, or a list of them, series that make it fire after 30 minutes, and series that do not.
# 5+2x90 is promtool's notation: it begins at 5 and adds 2 in each of 90 minutes.
CAUSES = {
    "SpoolFilling": (
        {"instance": "a"},
        {'footfall_spool_bytes{instance="a"}': "60x90", 'footfall_spool_capacity_bytes{instance="a"}': "100x90"},
        {'footfall_spool_bytes{instance="a"}': "0x90", 'footfall_spool_capacity_bytes{instance="a"}': "0x90"},
    ),
    "SpoolRefusing": (
        {"instance": "a"},
        {'footfall_spool_accepts{instance="a"}': "0x90", 'footfall_spool_capacity_bytes{instance="a"}': "100x90"},
        {'footfall_spool_accepts{instance="a"}': "0x90", 'footfall_spool_capacity_bytes{instance="a"}': "0x90"},
    ),
    "SpoolOld": (
        {"instance": "a"},
        {'footfall_spool_oldest_seconds{instance="a"}': "0+60x90"},
        {'footfall_spool_oldest_seconds{instance="a"}': "590x90"},
    ),
    "SpoolDiskFailing": (
        {"instance": "a"},
        {'footfall_spool_disk_failures_total{instance="a"}': "0x20 1x70"},
        {'footfall_spool_disk_failures_total{instance="a"}': "1x90"},
    ),
    "SpoolSegmentSetAside": (
        {"instance": "a"},
        {'footfall_spool_segments_set_aside_total{instance="a"}': "0x20 1x70"},
        {'footfall_spool_segments_set_aside_total{instance="a"}': "1x90"},
    ),
    "InFlightMemoryShort": (
        {"instance": "a"},
        {'footfall_in_flight_refused_total{instance="a"}': "0+9x90"},
        {'footfall_in_flight_refused_total{instance="a"}': "0+3x90"},
    ),
    "SinkBehind": (
        {"sink": "live"},
        {'footfall_oldest_unacknowledged_seconds{sink="live"}': "130x90"},
        {
            'footfall_oldest_unacknowledged_seconds{sink="live"}': "110x90",
            'footfall_oldest_unacknowledged_seconds{sink="archive"}': "600x90",
        },
    ),
    "SinkSlow": (
        {"sink": "store"},
        {'footfall_oldest_unacknowledged_seconds{sink="store"}': "40x90"},
        {'footfall_oldest_unacknowledged_seconds{sink="store"}': "40x10 2x80"},
    ),
    "SinkStuck": (
        {"sink": "store"},
        {'footfall_lag_records{sink="store"}': "5x90", 'footfall_records_processed_total{sink="store"}': "9x90"},
        {'footfall_lag_records{sink="store"}': "5x90", 'footfall_records_processed_total{sink="store"}': "0+9x90"},
    ),
    "PartitionsUnowned": (
        {"sink": "store"},
        {'footfall_partitions_owned{sink="store"}': "8x90", 'footfall_partitions{sink="store"}': "12x90"},
        {
            'footfall_partitions_owned{sink="store",instance="a"}': "8x90",
            'footfall_partitions_owned{sink="store",instance="b"}': "4x90",
            'footfall_partitions{sink="store",instance="a"}': "12x90",
            'footfall_partitions{sink="store",instance="c"}': "0x90",
        },
    ),
    "PartitionHalted": (
        {"sink": "archive"},
        {'footfall_partitions_halted{sink="archive"}': "1x90"},
        {'footfall_partitions_halted{sink="archive"}': "0x90"},
    ),
    "PoisonRecords": (
        {"sink": "store"},
        {'footfall_poison_records_total{sink="store"}': "0x20 3x70"},
        {'footfall_poison_records_total{sink="store"}': "3x90"},
    ),
    "ArchiveBehind": (
        {},
        {'footfall_oldest_unacknowledged_seconds{sink="archive"}': "0+60x90"},
        {'footfall_oldest_unacknowledged_seconds{sink="archive"}': "600x90"},
    ),
    # In promtool the clock begins at 0.
    "ReconcileSilent": (
        {},
        {'footfall_reconcile_last_success_timestamp_seconds{check="near"}': "0x90"},
        {'footfall_reconcile_last_success_timestamp_seconds{check="near"}': "0+60x90"},
    ),
    "ReconcileRepaired": (
        {"kind": "missing"},
        {'footfall_reconcile_repairs_total{kind="missing"}': "0x20 5x70"},
        {'footfall_reconcile_repairs_total{kind="missing"}': "5x90"},
    ),
    "LiveCountersRebuilt": (
        {},
        {"footfall_live_rebuilds_total": "0x20 1x70"},
        {"footfall_live_rebuilds_total": "1x90"},
    ),
    "ErasureOrMoveStuck": (
        {"work": "person_erasure"},
        {
            'footfall_oldest_unfinished_seconds{work="person_erasure"}': "14000+60x90",
            'footfall_oldest_unfinished_seconds{work="move"}': "14000+60x90",
        },
        {
            'footfall_oldest_unfinished_seconds{work="person_erasure"}': "7000+60x90",
            'footfall_oldest_unfinished_seconds{work="move"}': "70000+60x90",
        },
    ),
    "ParkedExpireSoon": (
        {},
        {
            'footfall_parked_oldest_seconds{instance="a"}': "517800+60x90",
            'footfall_parked_oldest_seconds{instance="b"}': "517800+60x90",
        },
        {'footfall_parked_oldest_seconds{instance="a"}': "510000+60x90"},
    ),
    "QueriesWait": (
        {"kind": "report"},
        {
            'footfall_query_queue_seconds_bucket{kind="report",le="1"}': "0+50x90",
            'footfall_query_queue_seconds_bucket{kind="report",le="5"}': "0+100x90",
            'footfall_query_queue_seconds_bucket{kind="report",le="+Inf"}': "0+100x90",
        },
        {
            'footfall_query_queue_seconds_bucket{kind="report",le="1"}': "0+99x90",
            'footfall_query_queue_seconds_bucket{kind="report",le="+Inf"}': "0+100x90",
        },
    ),
    "ReportJobsLate": (
        {},
        {"footfall_report_jobs_oldest_queued_seconds": "0+60x90"},
        {"footfall_report_jobs_oldest_queued_seconds": "800x90"},
    ),
    "RefusalsNotAudited": (
        {},
        {"footfall_refusals_dropped_total": "0x20 4x70"},
        {"footfall_refusals_dropped_total": "4x90"},
    ),
    "StoreUnavailable": (
        {"call": "redis"},
        {
            'footfall_store_call_failures_total{call="redis",reason="unavailable"}': "0+20x90",
            'footfall_store_call_seconds_count{call="redis"}': "0+100x90",
        },
        {
            'footfall_store_call_failures_total{call="redis",reason="unavailable"}': "0+1x90",
            'footfall_store_call_failures_total{call="redis",reason="refused"}': "0+50x90",
            'footfall_store_call_seconds_count{call="redis"}': "0+100x90",
            # Half of the calls fail, but there are two an hour.
            'footfall_store_call_failures_total{call="archive_read",reason="unavailable"}': "0x24 1x66",
            'footfall_store_call_seconds_count{call="archive_read"}': "0x24 2x66",
        },
    ),
    "StoreRefuses": (
        {"call": "clickhouse_read"},
        {
            'footfall_store_call_failures_total{call="clickhouse_read",reason="refused"}': "0+20x90",
            'footfall_store_call_seconds_count{call="clickhouse_read"}': "0+100x90",
        },
        {
            'footfall_store_call_failures_total{call="clickhouse_read",reason="refused"}': "0+1x90",
            'footfall_store_call_seconds_count{call="clickhouse_read"}': "0+100x90",
        },
    ),
    "LimitsUnchecked": (
        {},
        {"footfall_limits_unchecked_total": "0+1x90"},
        {"footfall_limits_unchecked_total": "9x90"},
    ),
    "PostgresConnectionsShort": (
        [{"instance": "a"}, {"server": "db"}],
        {
            'footfall_postgres_connections{instance="a",state="used"}': "16x90",
            'footfall_postgres_connections_limit{instance="a"}': "16x90",
            'pg_stat_activity_count{server="db",state="idle"}': "60x90",
            'pg_stat_activity_count{server="db",state="active"}': "30x90",
            'pg_settings_max_connections{server="db"}': "100x90",
        },
        {
            'footfall_postgres_connections{instance="a",state="used"}': "3x90",
            'footfall_postgres_connections_limit{instance="a"}': "16x90",
            'pg_stat_activity_count{server="db",state="idle"}': "60x90",
            'pg_settings_max_connections{server="db"}': "100x90",
        },
    ),
    "PostgresLongTransaction": (
        {"server": "db"},
        {'pg_stat_activity_max_tx_duration{server="db",state="active"}': "0+60x90"},
        {'pg_stat_activity_max_tx_duration{server="db",state="active"}': "500x90"},
    ),
    "RedisMemoryShort": (
        [{"instance": "a"}, {"instance": "b"}],
        {
            'redis_memory_used_bytes{instance="a"}': "90x90",
            'redis_memory_max_bytes{instance="a"}': "100x90",
            'redis_evicted_keys_total{instance="b"}': "0x20 7x70",
        },
        {
            'redis_memory_used_bytes{instance="a"}': "90x90",
            'redis_memory_max_bytes{instance="a"}': "0x90",
            'redis_evicted_keys_total{instance="b"}': "7x90",
        },
    ),
    "KafkaPartitionsOffline": (
        {},
        {'kafka_controller_KafkaController_Value{name="OfflinePartitionsCount"}': "2x90"},
        {'kafka_controller_KafkaController_Value{name="OfflinePartitionsCount"}': "0x90"},
    ),
    "KafkaReplicasMissing": (
        {},
        {'kafka_server_ReplicaManager_Value{name="UnderMinIsrPartitionCount"}': "4x90"},
        {
            'kafka_server_ReplicaManager_Value{name="UnderMinIsrPartitionCount"}': "0x90",
            'kafka_server_ReplicaManager_Value{name="PartitionCount"}': "40x90",
        },
    ),
    "ClickhousePartsMany": (
        {"instance": "a"},
        {'ClickHouseAsyncMetrics_MaxPartCountForPartition{instance="a"}': "300x90"},
        {'ClickHouseAsyncMetrics_MaxPartCountForPartition{instance="a"}': "90x90"},
    ),
    "ClickhouseInsertsThrottled": (
        {"instance": "a"},
        {
            'ClickHouseProfileEvents_DelayedInserts{instance="a"}': "0+1x90",
            'ClickHouseProfileEvents_RejectedInserts{instance="a"}': "0x90",
        },
        {
            'ClickHouseProfileEvents_DelayedInserts{instance="a"}': "8x90",
            'ClickHouseProfileEvents_RejectedInserts{instance="a"}': "2x90",
        },
    ),
    "ClickhouseDiskFilling": (
        {"instance": "a"},
        {
            'ClickHouseAsyncMetrics_DiskAvailable_default{instance="a"}': "10x90",
            'ClickHouseAsyncMetrics_DiskTotal_default{instance="a"}': "100x90",
        },
        {
            'ClickHouseAsyncMetrics_DiskAvailable_default{instance="a"}': "40x90",
            'ClickHouseAsyncMetrics_DiskTotal_default{instance="a"}': "100x90",
        },
    ),
    "TargetDown": (
        {"job": "footfall-api", "instance": "a"},
        {'up{job="footfall-api",instance="a"}': "0x90"},
        {'up{job="footfall-api",instance="a"}': "1x90", 'up{job="other",instance="b"}': "0x90"},
    ),
    "RuntimeDelayed": (
        {"instance": "a"},
        {
            'footfall_runtime_delay_seconds_bucket{instance="a",le="0.5"}': "0+50x90",
            'footfall_runtime_delay_seconds_bucket{instance="a",le="1"}': "0+60x90",
            'footfall_runtime_delay_seconds_bucket{instance="a",le="+Inf"}': "0+60x90",
        },
        {
            'footfall_runtime_delay_seconds_bucket{instance="a",le="0.005"}': "0+60x90",
            'footfall_runtime_delay_seconds_bucket{instance="a",le="+Inf"}': "0+60x90",
        },
    ),
    # In promtool the clock begins at 0.
    "BackupOld": (
        {"store": "clickhouse"},
        {
            'footfall_backup_last_copy_timestamp_seconds{store="clickhouse",instance="a"}': "-200000x90",
            'footfall_backup_last_copy_timestamp_seconds{store="clickhouse",instance="b"}': "0x90",
            'footfall_backup_last_copy_timestamp_seconds{store="postgres",instance="a"}': "1x90",
            'footfall_backup_last_copy_timestamp_seconds{store="archive",instance="a"}': "0x90",
        },
        {
            'footfall_backup_last_copy_timestamp_seconds{store="clickhouse",instance="a"}': "1x90",
            'footfall_backup_last_copy_timestamp_seconds{store="clickhouse",instance="b"}': "-200000x90",
            'footfall_backup_last_copy_timestamp_seconds{store="archive",instance="a"}': "0x90",
        },
    ),
    "Watchdog": ({}, {"anything": "1x90"}, None),
}


def case(alert: str, series: dict[str, str], minute: int, firing: list[dict[str, str]], when: str = "") -> dict:
    """Returns a case in which exactly the alerts with these labels fire, of this name."""
    names = sorted({name for labels in firing for name in labels} | {"alertname", "severity"})
    query = f'count by ({", ".join(names)}) (ALERTS{{alertname="{alert}",alertstate="firing"}})'
    labels = [", ".join(f'{name}="{value}"' for name, value in sorted(one.items())) for one in firing]
    return {
        "name": f"{alert} {'fires' if firing else 'is silent'}{when}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": query,
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f"{{{one}}}", "value": 1} for one in labels],
            }
        ],
    }


def cases(rules: list[dict]) -> list[dict]:
    """Returns the cases of the alerts in a file of rules."""
    severities = {rule["alert"]: rule["labels"]["severity"] for rule in rules if "alert" in rule}
    found = []
    for alert, (labels, fires, silent) in CAUSES.items():
        if alert not in severities:
            continue
        of_alert = {"alertname": alert, "severity": severities[alert]}
        firing = labels if isinstance(labels, list) else [labels]
        found.append(case(alert, fires, 30, [of_alert | one for one in firing]))
        if silent is not None:
            found.append(case(alert, silent, 30, []))
    for slo in SLOS:
        if slo.alert not in severities:
            continue
        burns = [("1h", "page"), ("6h", "page"), ("3d", "ticket")]
        firing = [{"alertname": slo.alert, "severity": severity, "window": window} for window, severity in burns]
        found.append(case(slo.alert, slo.fires, 90, firing))
        found.append(case(slo.alert, slo.silent, 90, []))
        found.append(case(slo.alert, slo.few, 90, [], " about few"))
    return found


def main(folder: Path) -> None:
    covered, alerts = {*CAUSES, *(slo.alert for slo in SLOS)}, set()
    for file in sorted((OBSERVABILITY / "rules").glob("*.yaml")):
        rules = [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
        alerts |= {rule["alert"] for rule in rules if "alert" in rule}
        tests = {"rule_files": [str(file)], "evaluation_interval": "1m", "tests": cases(rules)}
        (folder / file.name).write_text(json.dumps(tests, indent=1))
    if covered != alerts:
        sys.exit(f"generate/cases.py and rules/ differ in these alerts: {sorted(covered ^ alerts)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
