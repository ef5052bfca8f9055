-- What each key did, and the numbers of each event, for windows of sessions that begin in a range within
-- these times. An event has a row for each item.
SELECT
    key,
    countIf(key = '' AND time >= {begun_from:Int64} AND time < {begun_to:Int64}) AS without_key,
    groupArrayIf((time, kind, money, units, spent, earned, refunded), key != '') AS activities
FROM
(
    SELECT
        toString({key}) AS key,
        toUnixTimestamp64Milli(event_time) AS time,
        toString(event_type) AS kind,
        toString(currency) AS money,
        toInt64(sum(quantity) * 1000) AS units,
        toInt64({spent} * 1000000) AS spent,
        toInt64({earned} * 1000000) AS earned,
        toInt64({refunded} * 1000000) AS refunded
    FROM events
    WHERE client_id = {client_id:String}
        AND event_time >= fromUnixTimestamp64Milli({from:Int64})
        AND event_time < fromUnixTimestamp64Milli({to:Int64})
        AND {condition}
    GROUP BY key, time, kind, money, kgen, kpart, koff
)
GROUP BY key
SETTINGS max_result_rows = 0
