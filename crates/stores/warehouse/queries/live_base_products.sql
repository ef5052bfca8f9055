-- The most viewed and most sold products of each campaign, of the same rows as live_base_sums.
SELECT campaign_id, product_id, most.1 AS is_sold, most.2 AS score
FROM
(
    SELECT
        campaign_id,
        product_id,
        arrayJoin([
            (false, toDecimal128(countIf(event_type = 'product_view'), 3)),
            (true, sumIf(units, event_type = 'purchase'))
        ]) AS most
    FROM
    (
        SELECT event_type, campaign_id, product_id, any(quantity) AS units
        FROM events
        WHERE client_id = {client_id:String}
            AND campaign_id != ''
            AND product_id != ''
            AND received_at >= toDateTime({from:UInt32}, 'UTC') - INTERVAL 1 HOUR
            AND event_time >= toDateTime({from:UInt32}, 'UTC')
            AND event_time < toDateTime({to:UInt32}, 'UTC')
            AND (kgen < {kgen:UInt16} OR (kgen = {kgen:UInt16} AND koff < {starts:Array(UInt64)}[kpart + 1]))
        GROUP BY client_id, event_type, campaign_id, event_time, kgen, kpart, koff, kline, product_id
    )
    GROUP BY campaign_id, product_id
)
WHERE score > 0
ORDER BY campaign_id, is_sold, score DESC, product_id
LIMIT 1000 BY campaign_id, is_sold
SETTINGS optimize_aggregation_in_order = 1
