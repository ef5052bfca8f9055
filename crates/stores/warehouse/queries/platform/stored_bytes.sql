-- The bytes on disk of a tenant's rows now, rollups included: its share of the tables by rows. In a database of
-- its own the share is all.
SELECT toUInt64(round(sum(on_disk * if(all_rows = 0, 0, own_rows / all_rows)))) AS bytes
FROM
(
    SELECT table, sum(bytes_on_disk) AS on_disk, sum(rows) AS all_rows
    FROM system.parts
    WHERE database = currentDatabase() AND active
    GROUP BY table
) AS tables
INNER JOIN
(
    SELECT 'events' AS table, count() AS own_rows
    FROM events
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT 'rejected_events' AS table, count() AS own_rows
    FROM rejected_events
    WHERE client_id = {client_id:String}
    UNION ALL
    SELECT 'kept_rollups' AS table, count() AS own_rows
    FROM kept_rollups
    WHERE client_id = {client_id:String}
) AS own USING (table)
