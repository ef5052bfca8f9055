-- Orders with an item that is new to its brand, and what these items cost, by bucket, keys and currency. An item is
-- new to its brand if the customer ordered nothing of that brand in the 365 days (31,536,000,000 milliseconds) before,
-- whatever the statement counts. So orders of a year before the range are read. The words in braces are replaced by
-- expressions over columns and bound parameters.
SELECT
    bucket,
    keys,
    currency,
    count() AS orders,
    sum(amount) AS sales
FROM
(
    SELECT
        transform(
            roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
            {stretches:Array(UInt32)},
            {starts:Array(UInt32)}
        ) AS bucket,
        {keys} AS keys,
        currency,
        sum(line_total) AS amount
    FROM events
    WHERE client_id = {client_id:String}
        AND event_type = 'purchase'
        AND brand != ''
        AND event_time >= toDateTime({from:UInt32}, 'UTC')
        AND event_time < toDateTime({to:UInt32}, 'UTC')
        AND {condition}
        AND (customer_id, if(customer_id = '', visitor_id, ''), toString(brand), event_time, UUIDToNum(event_id)) IN
        (
            SELECT
                customer_id,
                visitor,
                brand_name,
                tupleElement(placed, 1),
                tupleElement(placed, 2)
            FROM
            (
                SELECT
                    customer_id,
                    visitor,
                    brand_name,
                    arrayJoin(
                        arrayFilter(
                            -- Orders before the range are only looked at: the set has those that may be counted.
                            (placed, pause) -> pause > 31536000000
                                AND tupleElement(placed, 1) >= toDateTime({from:UInt32}, 'UTC'),
                            orders,
                            -- Nothing precedes the first order.
                            arrayPushFront(
                                arrayPopFront(
                                    arrayDifference(
                                        arrayMap(placed -> toUnixTimestamp64Milli(tupleElement(placed, 1)), orders)
                                    )
                                ),
                                toInt64(31536000001)
                            )
                        )
                    ) AS placed
                FROM
                (
                    SELECT
                        customer_id,
                        if(customer_id = '', visitor_id, '') AS visitor,
                        toString(brand) AS brand_name,
                        arraySort(groupUniqArray((event_time, UUIDToNum(event_id)))) AS orders
                    FROM events
                    WHERE client_id = {client_id:String}
                        AND event_type = 'purchase'
                        AND brand != ''
                        AND (customer_id != '' OR visitor_id != '')
                        AND event_time >= fromUnixTimestamp64Milli(toInt64({from:UInt32}) * 1000 - 31536000000)
                        AND event_time < toDateTime({to:UInt32}, 'UTC')
                    GROUP BY customer_id, visitor, brand_name
                )
            )
        )
    GROUP BY bucket, keys, currency, kgen, kpart, koff
)
GROUP BY bucket, keys, currency
