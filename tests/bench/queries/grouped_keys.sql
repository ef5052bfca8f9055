-- The keys of a funnel's events, grouped and sorted, with nothing else of the events: whatever decides a
-- funnel has to do that much.
SELECT visitor_id AS key, count() AS events
FROM events
WHERE client_id = {client_id:String}
    AND kline = 0
    AND event_time >= fromUnixTimestamp64Milli({from:Int64})
    AND event_time < fromUnixTimestamp64Milli({to:Int64})
    AND event_type IN ('product_view', 'add_to_cart', 'purchase')
GROUP BY key
ORDER BY key
SETTINGS max_result_rows = 0
