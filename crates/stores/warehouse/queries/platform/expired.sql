SELECT count() > 0
FROM events
WHERE client_id = {client_id:String}
    AND received_at < fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
