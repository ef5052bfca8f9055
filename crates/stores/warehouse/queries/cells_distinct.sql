-- Distinct values by keys, in each bucket and in the whole range. They cannot be added up, so they are
-- counted from the rows: the total is not the sum of the buckets, as a visitor may be in several. The words in
-- braces are replaced by expressions over columns and bound parameters; the type of the customer is '' where
-- no metric needs it.
SELECT
    grouping(bucket) = 0 AS is_bucket,
    transform(
        roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
        {stretches:Array(UInt32)},
        {starts:Array(UInt32)}
    ) AS bucket,
    {keys} AS keys,
    uniqExactIf(visitor_id, visitor_id != '') AS visitors,
    uniqExactIf(customer_id, customer_id != '') AS customers,
    uniqExactIf(
        (customer_id, if(customer_id = '', visitor_id, '')),
        {customer_type} = 'new'
    ) AS new_customers,
    uniqExactIf(
        (customer_id, if(customer_id = '', visitor_id, '')),
        {customer_type} = 'returning'
    ) AS returning_customers
FROM events
WHERE client_id = {client_id:String}
    AND event_time >= toDateTime({from:UInt32}, 'UTC')
    AND event_time < toDateTime({to:UInt32}, 'UTC')
    AND {condition}
GROUP BY GROUPING SETS ((bucket, keys), (keys))
