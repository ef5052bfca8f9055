-- What a tenant sent that is stored, by the local day on which the log received it. The bytes are those of
-- the rows before compression.
SELECT
    toString(toDate(received_at, {tz:String})) AS day,
    countIf(kline = 0) AS events,
    count() AS rows,
    sum(byteSize(*)) AS bytes
FROM events
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
GROUP BY day
ORDER BY day
