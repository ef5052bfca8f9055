SELECT sum(of_events) AS event_rows, sum(of_rejects) AS rejects, sum(of_rollups) AS rollup_rows
FROM
(
    SELECT count() AS of_events, toUInt64(0) AS of_rejects, toUInt64(0) AS of_rollups
    FROM events
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT toUInt64(0), count(), toUInt64(0)
    FROM rejected_events
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT toUInt64(0), toUInt64(0), count()
    FROM kept_rollups
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT toUInt64(0), toUInt64(0), count()
    FROM kept_days
    WHERE client_id = {client_id:String}
)
