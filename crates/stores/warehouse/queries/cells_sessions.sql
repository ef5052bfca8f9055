-- The sessions of visitors by keys, by the bucket in which they begin. A session is a series of events with the same
-- keys of which each is at most 30 minutes (1,800,000 milliseconds) after the one before. Whether an event begins
-- one depends on those 30 minutes only, so no more is read before the range. The words in braces are replaced by
-- expressions over columns and bound parameters.
SELECT
    transform(
        roundDown(toUnixTimestamp(toStartOfFifteenMinutes(begun)), {stretches:Array(UInt32)}),
        {stretches:Array(UInt32)},
        {starts:Array(UInt32)}
    ) AS bucket,
    keys,
    count() AS sessions
FROM
(
    SELECT
        keys,
        fromUnixTimestamp64Milli(
            arrayJoin(
                arrayFilter(
                    (time, pause) -> pause > 1800000,
                    times,
                    -- Nothing precedes the first event.
                    arrayPushFront(arrayPopFront(arrayDifference(times)), toInt64(1800001))
                )
            ),
            'UTC'
        ) AS begun
    FROM
    (
        SELECT
            {keys} AS keys,
            arraySort(groupArray(toUnixTimestamp64Milli(event_time))) AS times
        FROM events
        WHERE client_id = {client_id:String}
            AND visitor_id != ''
            AND event_time >= fromUnixTimestamp64Milli(toInt64({from:UInt32}) * 1000 - 1800000)
            AND event_time < toDateTime({to:UInt32}, 'UTC')
            AND {condition}
        GROUP BY keys, visitor_id
    )
)
WHERE begun >= toDateTime({from:UInt32}, 'UTC')
GROUP BY bucket, keys
