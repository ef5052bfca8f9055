-- The inner query reads the projection campaign_quarters, the outer one computes the catalogue's
-- metrics. The caller gives the stretches of time and the start of each one's bucket, so that only
-- one place computes calendars and clocks.
SELECT
    bucket,
    currency,
    sumIf(events, event_type = 'ad_impression') AS impressions,
    sumIf(events, event_type = 'ad_viewable') AS viewable_impressions,
    sumIf(events, event_type = 'ad_click') AS clicks,
    sumIf(events, event_type = 'product_view') AS product_views,
    sumIf(events, event_type = 'add_to_cart') AS add_to_carts,
    sumIf(events, event_type = 'purchase') AS orders,
    sumIf(units, event_type = 'purchase') AS units_sold,
    sum(spent) AS spend,
    sum(earned) AS sales
FROM
(
    SELECT
        transform(
            roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
            {stretches:Array(UInt32)},
            {starts:Array(UInt32)}
        ) AS bucket,
        event_type,
        currency,
        countIf(kline = 0) AS events,
        sum(quantity) AS units,
        sum(cost) AS spent,
        sum(sales) AS earned
    FROM events
    WHERE client_id = {client_id:String}
        AND campaign_id = {campaign_id:String}
        AND toStartOfFifteenMinutes(event_time) >= toDateTime({from:UInt32}, 'UTC')
        AND toStartOfFifteenMinutes(event_time) < toDateTime({to:UInt32}, 'UTC')
    GROUP BY bucket, event_type, currency
)
GROUP BY bucket, currency
