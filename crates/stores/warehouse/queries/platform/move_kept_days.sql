-- The days of which a tenant's rollups are kept, each with the sums that count: how many, and the sum of their hashes.
SELECT toUInt32(kept.received_on) AS day, stored.sums AS sums, stored.hash AS hash
FROM
(
    SELECT received_on, argMin(attempt, kept_at) AS counted
    FROM kept_days
    WHERE client_id = {client_id:String}
    GROUP BY received_on
) AS kept
LEFT JOIN
(
    SELECT attempt, count() AS sums, sum(cityHash64(* EXCEPT (attempt))) AS hash
    FROM kept_rollups
    WHERE client_id = {client_id:String}
    GROUP BY attempt
) AS stored ON stored.attempt = kept.counted
ORDER BY day
