-- What events cost by bucket, keys and currency, where it is not zero: an answer has a row for each such cell, however
-- many there are, so the caller bounds them. It reads a projection if one has all its columns. The words in braces are
-- replaced by expressions over columns and bound parameters.
SELECT
    transform(
        roundDown(toUnixTimestamp(toStartOfFifteenMinutes(event_time)), {stretches:Array(UInt32)}),
        {stretches:Array(UInt32)},
        {starts:Array(UInt32)}
    ) AS bucket,
    {keys} AS keys,
    currency,
    sum(cost) AS spend
FROM events
WHERE client_id = {client_id:String}
    AND toStartOfFifteenMinutes(event_time) >= toDateTime({from:UInt32}, 'UTC')
    AND toStartOfFifteenMinutes(event_time) < toDateTime({to:UInt32}, 'UTC')
    AND {condition}
GROUP BY bucket, keys, currency
HAVING spend != 0
SETTINGS max_result_rows = 0
