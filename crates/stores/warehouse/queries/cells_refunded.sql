-- What was refunded, by bucket, keys and currency: of whole events their revenue, or else the sum of their items;
-- of products the sum of these. The rollups have no revenue, so the rows of refunds are read: the table is sorted
-- by type of event, and refunds are few. The words in braces are replaced by expressions over columns and bound
-- parameters.
SELECT
    bucket,
    keys,
    currency,
    sum(amount) AS refunded
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
        {refunded} AS amount
    FROM events
    WHERE client_id = {client_id:String}
        AND event_type = 'refund'
        AND event_time >= toDateTime({from:UInt32}, 'UTC')
        AND event_time < toDateTime({to:UInt32}, 'UTC')
        AND {condition}
    GROUP BY bucket, keys, currency, kgen, kpart, koff
)
GROUP BY bucket, keys, currency
