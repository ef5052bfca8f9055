-- Refused events have no schema: whom one names is found among its words, outside of ClickHouse.
SELECT reject_id, original
FROM rejected_events
WHERE client_id = {client_id:String}
    AND received_at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')
SETTINGS max_result_rows = 0, max_execution_time = 3600
