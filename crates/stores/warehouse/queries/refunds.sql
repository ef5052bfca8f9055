-- What was refunded of each product of each order. A shop often refunds without the visitor, so refunds are
-- found by the order that they name.
SELECT
    order_id,
    product_id,
    toString(currency) AS currency,
    toInt64(sum(toDecimal128(line_total, 6)) * 1000000) AS total,
    toInt64(sum(toDecimal128(quantity, 3)) * 1000) AS quantity
FROM events
WHERE client_id = {client_id:String}
    AND event_type = 'refund'
    AND order_id != ''
    AND event_time >= fromUnixTimestamp64Milli({from:Int64})
GROUP BY order_id, product_id, currency
SETTINGS max_result_rows = 0
