-- The ad touches and the order lines of each key, for attribution. A touch is an event, an order line a row;
-- the id of its event says which lines are one order. The words in braces are replaced by expressions over
-- columns and bound parameters.
SELECT
    countIf(event_type = 'purchase' AND kline = 0 AND {key} = '') AS without_key,
    groupArrayIf(
        (
            toUnixTimestamp64Milli(event_time),
            toString(event_type),
            reinterpretAsUInt128(event_id),
            toString(campaign_id),
            viewable,
            (product_id, parent_sku, toString(brand), toString(category)),
            {keys}
        ),
        {key} != '' AND kline = 0 AND event_type IN ('ad_click', 'ad_impression', 'ad_viewable')
    ) AS touches,
    groupArrayIf(
        (
            toUnixTimestamp64Milli(event_time),
            reinterpretAsUInt128(event_id),
            kline,
            order_id,
            (product_id, parent_sku, toString(brand), toString(category)),
            toInt64(toDecimal128(line_total, 6) * 1000000),
            toInt64(quantity * 1000),
            toInt64(toDecimal128(sales, 6) * 1000000),
            toString(currency)
        ),
        {key} != '' AND event_type = 'purchase'
    ) AS lines
FROM events
WHERE client_id = {client_id:String}
    AND event_type IN ('ad_click', 'ad_impression', 'ad_viewable', 'purchase')
    AND event_time >= fromUnixTimestamp64Milli({touched_from:Int64})
    AND event_time < fromUnixTimestamp64Milli({ordered_to:Int64})
    AND (event_type != 'purchase' OR event_time >= fromUnixTimestamp64Milli({ordered_from:Int64}))
GROUP BY {key}
SETTINGS max_result_rows = 0
