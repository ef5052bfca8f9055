SELECT toString(code), count()
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND ({code:String} = '' OR code = {code:String})
GROUP BY code
ORDER BY code
