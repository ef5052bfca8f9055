-- The ids contain the times of receipt, which bound what is read.
SELECT
    reject_id,
    toString(code) AS code,
    pointer,
    reason,
    event_id,
    sent_at,
    history,
    set_aside,
    substring(original, 1, {longest:UInt64}) AS original
FROM rejected_events FINAL
WHERE client_id = {client_id:String}
    AND received_at >= fromUnixTimestamp64Milli({first:Int64}, 'UTC')
    AND received_at <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
    AND reject_id IN {ids:Array(UUID)}
