-- A mutation, because lightweight deletes are refused on tables with projections.
ALTER TABLE events DELETE
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND kgen = {kgen:UInt16}
    AND kpart = {partition:UInt16}
    AND koff >= {first:UInt64}
    AND koff <= {last:UInt64}
