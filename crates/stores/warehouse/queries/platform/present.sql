-- The rows of a range of the log, of all tenants. The days of received_at prune partitions, the
-- index on koff prunes granules.
SELECT koff, kline
FROM events
WHERE received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND koff >= {first:UInt64}
    AND koff <= {last:UInt64}
    AND kgen = {kgen:UInt16}
    AND kpart = {partition:UInt16}
ORDER BY koff, kline
