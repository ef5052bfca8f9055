-- The sums that a rebuild adds to the live counters: of the rows before the starts of the chains
-- ({starts}: from partition 0 on) and of earlier generations. A row is logged after its event, so the
-- days of received_at prune partitions; one hour allows for clocks that differ.
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
    -- Copies count once: the reconciliation may not have deleted them yet. They are adjacent in the
    -- sort order of the table, so grouping in that order needs little memory.
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
