-- The times of each key's events, for sessions that begin in a range within these times.
SELECT
    countIf(
        {key} = ''
        AND event_time >= fromUnixTimestamp64Milli({begun_from:Int64})
        AND event_time < fromUnixTimestamp64Milli({begun_to:Int64})
    ) AS without_key,
    groupArrayIf(toUnixTimestamp64Milli(event_time), {key} != '') AS times
FROM events
WHERE client_id = {client_id:String}
    AND kline = 0
    AND event_time >= fromUnixTimestamp64Milli({from:Int64})
    AND event_time < fromUnixTimestamp64Milli({to:Int64})
    AND {condition}
GROUP BY {key}
SETTINGS max_result_rows = 0
