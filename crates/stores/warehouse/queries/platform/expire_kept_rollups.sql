ALTER TABLE kept_rollups DELETE
WHERE client_id = {client_id:String}
    AND toDateTime64(received_on, 3, 'UTC') < fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
