-- For each range of the log, the number of rows and of distinct rows. An event has at most 256
-- lines, so koff * 256 + kline is unique for each offset and line.
SELECT
    toUInt32(arrayFirstIndex(
        (generation, partition, first, last) ->
            kgen = generation AND kpart = partition AND koff >= first AND koff <= last,
        {kgens:Array(UInt16)}, {partitions:Array(UInt16)}, {firsts:Array(UInt64)}, {lasts:Array(UInt64)}
    )) AS range,
    count() AS rows,
    uniqExact(koff * 256 + kline) AS distinct_rows
FROM events
WHERE received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND koff >= arrayMin({firsts:Array(UInt64)})
    AND koff <= arrayMax({lasts:Array(UInt64)})
    AND has({kgens:Array(UInt16)}, kgen)
    AND NOT has({without:Array(String)}, CAST(client_id, 'String'))
    AND range > 0
GROUP BY range
ORDER BY range
