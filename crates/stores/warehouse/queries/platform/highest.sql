SELECT maxOrNull(koff)
FROM events
WHERE received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND koff >= {first:UInt64}
    AND kgen = {kgen:UInt16}
    AND kpart = {partition:UInt16}
