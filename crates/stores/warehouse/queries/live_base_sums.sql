-- What live counters lack: the rows that stand in the log below the places where their chains begin
-- ({starts}: from partition 0 on), or in an earlier log. A row is logged after its event, so the
-- days of received_at prune partitions; an hour is for clocks that differ.
SELECT
    campaign_id,
    toUnixTimestamp(toStartOfFifteenMinutes(event_time)) AS quarter,
    currency,
    -- In the order of metrics::Counter.
    [
        countIf(kline = 0 AND event_type = 'ad_impression'),
        countIf(kline = 0 AND event_type = 'ad_viewable'),
        countIf(kline = 0 AND event_type = 'ad_click'),
        countIf(kline = 0 AND event_type = 'product_view'),
        countIf(kline = 0 AND event_type = 'add_to_cart'),
        countIf(kline = 0 AND event_type = 'purchase')
    ] AS counts,
    sumIf(quantity, event_type = 'purchase') AS units_sold,
    sum(cost) AS spend,
    sum(sales) AS sales
FROM
(
    -- Copies that the audit has yet to delete count once. Copies stand together in the order of the
    -- table, so that a few of its rows at a time are enough to tell them.
    SELECT
        event_type,
        campaign_id,
        event_time,
        kline,
        any(currency) AS currency,
        any(quantity) AS quantity,
        any(cost) AS cost,
        any(sales) AS sales
    FROM events
    WHERE client_id = {client_id:String}
        AND campaign_id != ''
        AND received_at >= toDateTime({from:UInt32}, 'UTC') - INTERVAL 1 HOUR
        AND event_time >= toDateTime({from:UInt32}, 'UTC')
        AND event_time < toDateTime({to:UInt32}, 'UTC')
        AND (kgen < {kgen:UInt16} OR (kgen = {kgen:UInt16} AND koff < {starts:Array(UInt64)}[kpart + 1]))
    GROUP BY client_id, event_type, campaign_id, event_time, kgen, kpart, koff, kline
)
GROUP BY campaign_id, quarter, currency
SETTINGS optimize_aggregation_in_order = 1
