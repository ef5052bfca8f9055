-- The attempt whose sums of a day count; no row if its rollups are not kept.
SELECT toString(argMin(attempt, kept_at))
FROM kept_days
WHERE client_id = {client_id:String}
    AND received_on = toDate(toDateTime({from:UInt32}, 'UTC'))
GROUP BY received_on
