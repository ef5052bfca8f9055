-- One of some pieces of an attempt, as another attempt. The outer query has no condition: it would be about the
-- other one.
SELECT * REPLACE (toUUID({copy:String}) AS attempt)
FROM
(
    SELECT *
    FROM kept_rollups
    WHERE client_id = {client_id:String}
        AND received_on = toDate(toDateTime({from:UInt32}, 'UTC'))
        AND attempt = toUUID({attempt:String})
        AND cityHash64(rollup, campaign_id, product_id, referrer_host, event_time) % {pieces:UInt64} = {piece:UInt64}
)
