SELECT
    toUInt32(toDate(received_at)) AS day,
    count() AS rows,
    uniqExact(reject_id) AS distinct_rows,
    sum(cityHash64(toString(tuple(*)))) AS hash
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
GROUP BY day
ORDER BY day
