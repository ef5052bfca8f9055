SELECT *
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
