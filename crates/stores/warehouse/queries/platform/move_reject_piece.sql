-- The end of a piece: when the last of its first rejects was received, with all rejects of that moment, and how many
-- there are.
SELECT toUnixTimestamp64Milli(max(received_at)) AS last, count() AS rows
FROM
(
    SELECT received_at
    FROM rejected_events FINAL
    WHERE client_id = {client_id:String}
        AND received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
        AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    ORDER BY received_at
    LIMIT {most:UInt32} WITH TIES
)
