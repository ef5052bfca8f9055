-- The days on which the log received rows of a tenant that have expired: whether their rollups are kept, and for
-- so long that no report reads the rows any more.
SELECT
    toUnixTimestamp(toDateTime(stored.day, 'UTC')) AS start,
    kept.kept_at > toDateTime64(0, 3, 'UTC') AS is_kept,
    is_kept AND kept.kept_at < now64(3) - toIntervalSecond({settles_after:UInt32}) AS is_settled
FROM
(
    SELECT DISTINCT toDate(received_at) AS day
    FROM events
    WHERE client_id = {client_id:String}
        AND received_at < fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
) AS stored
LEFT JOIN
(
    -- The attempt that counts.
    SELECT received_on, min(kept_at) AS kept_at
    FROM kept_days
    WHERE client_id = {client_id:String}
    GROUP BY received_on
) AS kept ON kept.received_on = stored.day
ORDER BY start
