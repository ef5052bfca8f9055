-- How many rows of a tenant each day of receipt and partition of the log has below a frontier ({ends}: from partition 0
-- on).
SELECT toUInt32(toDate(received_at)) AS day, kgen, kpart, count() AS rows
FROM events
WHERE client_id = {client_id:String}
    AND (kgen < {kgen:UInt16} OR (kgen = {kgen:UInt16} AND koff < {ends:Array(UInt64)}[kpart + 1]))
GROUP BY day, kgen, kpart
ORDER BY day, kgen, kpart
