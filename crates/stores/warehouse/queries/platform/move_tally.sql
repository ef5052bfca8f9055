-- The hash is of every column, and the sum of the rows' hashes does not depend on their order. A text of the row tells
-- a missing value from every other one.
SELECT count() AS rows, uniqExact(koff * 256 + kline) AS distinct_rows, sum(cityHash64(toString(tuple(*)))) AS hash
FROM events
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND kgen = {kgen:UInt16}
    AND kpart = {partition:UInt16}
    AND koff >= {first:UInt64}
    AND koff <= {last:UInt64}
