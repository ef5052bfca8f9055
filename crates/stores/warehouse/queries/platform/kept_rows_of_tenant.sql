SELECT sum(rows)
FROM
(
    SELECT count() AS rows
    FROM kept_rollups
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT count()
    FROM kept_days
    WHERE client_id = {client_id:String}
)
