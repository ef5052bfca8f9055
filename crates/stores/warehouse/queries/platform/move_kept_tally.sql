SELECT count() AS sums, sum(cityHash64(* EXCEPT (attempt))) AS hash
FROM kept_rollups
WHERE client_id = {client_id:String}
    AND received_on = toDate(toDateTime({from:UInt32}, 'UTC'))
    AND attempt = toUUID({attempt:String})
