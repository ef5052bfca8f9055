-- Keys and sizes only: the original may be large, and is read only for the rejects of the answer.
SELECT reject_id, length(original) AS bytes
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND received_at <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')
    AND (received_at, reject_id) < (fromUnixTimestamp64Milli({before:Int64}, 'UTC'), {before_id:UUID})
    AND ({code:String} = '' OR code = {code:String})
ORDER BY received_at DESC, reject_id DESC
LIMIT {limit:UInt32}
