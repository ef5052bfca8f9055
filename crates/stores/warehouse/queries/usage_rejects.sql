-- What a tenant sent that was refused, by the local day on which the collector received it. Events that were
-- accepted and set aside later are counted apart.
SELECT
    toString(toDate(received_at, {tz:String})) AS day,
    countIf(NOT set_aside) AS rejects,
    countIf(set_aside) AS set_aside_events,
    sum(length(original)) AS bytes
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
GROUP BY day
ORDER BY day
