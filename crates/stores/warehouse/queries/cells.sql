-- Sums of events by bucket, keys and currency: of whole events, or of single products, where an event
-- counts once for each key that its products have and sales are those of the products. The inner query
-- reads a projection if one has all its columns, and kept rollups in place of the rows of their days; the
-- outer one computes the catalogue's counters in their order. The caller gives the stretches of time and the
-- start of each one's bucket, so that only one place computes calendars and clocks. The words in braces are
-- replaced by expressions over columns and bound parameters.
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
    sumIf(units, event_type = 'refund') AS units_refunded,
    sum(spent) AS spend,
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
        {events} AS events,
        sum(quantity) AS units,
        {spent} AS spent,
        {earned} AS earned
    FROM events
    WHERE client_id = {client_id:String}
        AND toStartOfFifteenMinutes(event_time) >= toDateTime({from:UInt32}, 'UTC')
        AND toStartOfFifteenMinutes(event_time) < toDateTime({to:UInt32}, 'UTC')
        AND {condition}
        AND {received}
    GROUP BY bucket, keys, event_type, currency
{kept})
GROUP BY bucket, keys, currency
