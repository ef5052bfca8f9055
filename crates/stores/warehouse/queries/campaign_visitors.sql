-- Counted exactly, from the rows. The total is not the sum of the buckets: a visitor may be in
-- several.
SELECT
    grouping(bucket) = 0 AS is_bucket,
    transform(
        roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
        {stretches:Array(UInt32)},
        {starts:Array(UInt32)}
    ) AS bucket,
    uniqExact(visitor_id) AS visitors
FROM events
WHERE client_id = {client_id:String}
    AND campaign_id = {campaign_id:String}
    AND event_time >= toDateTime({from:UInt32}, 'UTC')
    AND event_time < toDateTime({to:UInt32}, 'UTC')
    AND visitor_id != ''
GROUP BY GROUPING SETS ((bucket), ())
