SELECT sum(of_events) AS event_rows, sum(of_rejects) AS rejects
FROM
(
    SELECT count() AS of_events, toUInt64(0) AS of_rejects
    FROM events
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT toUInt64(0) AS of_events, count() AS of_rejects
    FROM rejected_events
    WHERE client_id = {client_id:String}
)
