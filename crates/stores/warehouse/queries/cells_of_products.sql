-- The same as cells_of_events, for queries about products: a row is one product of an event. An event
-- is counted once for each key that its products have, and sales are those of the products.
SELECT
    bucket,
    keys,
    currency,
    [
        sumIf(events, event_type = 'ad_impression'),
        sumIf(events, event_type = 'ad_viewable'),
        sumIf(events, event_type = 'ad_click'),
        sumIf(events, event_type = 'product_view'),
        sumIf(events, event_type = 'add_to_cart'),
        sumIf(events, event_type = 'purchase'),
        sumIf(events, event_type = 'page_view'),
        sumIf(events, event_type = 'product_list_view'),
        sumIf(events, event_type = 'remove_from_cart'),
        sumIf(events, event_type = 'begin_checkout'),
        sumIf(events, event_type = 'refund'),
        sum(events)
    ] AS counts,
    sumIf(units, event_type = 'purchase') AS units_sold,
    toDecimal128(0, 6) AS spend,
    sumIf(earned, event_type = 'purchase') AS sales
FROM
(
    SELECT
        transform(
            roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
            {stretches:Array(UInt32)},
            {starts:Array(UInt32)}
        ) AS bucket,
        {keys} AS keys,
        event_type,
        currency,
        uniqExact(kgen, kpart, koff) AS events,
        sum(quantity) AS units,
        sum(line_total) AS earned
    FROM events
    WHERE client_id = {client_id:String}
        AND toStartOfFifteenMinutes(event_time) >= toDateTime({from:UInt32}, 'UTC')
        AND toStartOfFifteenMinutes(event_time) < toDateTime({to:UInt32}, 'UTC')
        AND {condition}
    GROUP BY bucket, keys, event_type, currency
)
GROUP BY bucket, keys, currency
