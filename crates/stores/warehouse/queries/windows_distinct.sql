-- Distinct values by keys in windows of consecutive steps, which may overlap. They cannot be added up, so
-- the sets of each step are merged for each window that contains it. Steps are numbered from 0, and a window
-- has the number of its first step. The type of the customer is '' where no metric needs it.
SELECT
    number,
    keys,
    uniqExactIfMerge(seen_visitors) AS visitors,
    uniqExactIfMerge(seen_customers) AS customers,
    uniqExactIfMerge(seen_new) AS new_customers,
    uniqExactIfMerge(seen_returning) AS returning_customers
FROM
(
    SELECT
        transform(
            roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
            {stretches:Array(UInt32)},
            {numbers:Array(UInt32)}
        ) AS step,
        {keys} AS keys,
        uniqExactIfState(visitor_id, visitor_id != '') AS seen_visitors,
        uniqExactIfState(customer_id, customer_id != '') AS seen_customers,
        uniqExactIfState(
            (customer_id, if(customer_id = '', visitor_id, '')),
            {customer_type} = 'new'
        ) AS seen_new,
        uniqExactIfState(
            (customer_id, if(customer_id = '', visitor_id, '')),
            {customer_type} = 'returning'
        ) AS seen_returning
    FROM events
    WHERE client_id = {client_id:String}
        AND event_time >= toDateTime({from:UInt32}, 'UTC')
        AND event_time < toDateTime({to:UInt32}, 'UTC')
        AND {condition}
    GROUP BY step, keys
)
ARRAY JOIN range(
    toUInt32(greatest(step + 1, {overlap:UInt32}) - {overlap:UInt32}),
    toUInt32(least(step + 1, {windows:UInt32}))
) AS number
GROUP BY number, keys
