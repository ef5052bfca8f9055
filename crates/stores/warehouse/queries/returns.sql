-- When each key first did something from a time on, and when it did something else, for retention.
SELECT
    minIf(time, is_first) AS first,
    groupUniqArrayIf(time, is_return) AS returns
FROM
(
    SELECT
        {key} AS key,
        toUnixTimestamp64Milli(event_time) AS time,
        {first} AS is_first,
        {return} AS is_return
    FROM events
    WHERE client_id = {client_id:String}
        AND event_time >= fromUnixTimestamp64Milli({since:Int64})
        AND event_time < fromUnixTimestamp64Milli({until:Int64})
        AND key != ''
        AND {condition}
        AND (is_first OR is_return)
)
GROUP BY key
HAVING countIf(is_first) > 0
    AND first >= {from:Int64}
    AND first < {to:Int64}
SETTINGS max_result_rows = 0
