SELECT count() AS rows, uniqExact(koff, kline) AS distinct
FROM events
WHERE received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND koff >= {first:UInt64}
    AND koff <= {last:UInt64}
    AND kgen = {kgen:UInt16}
    AND kpart = {partition:UInt16}
