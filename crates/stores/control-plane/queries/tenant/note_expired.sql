-- Notes what is about to be deleted. A tenant that is younger has nothing of that time.
UPDATE tenant
SET rows_from = CASE WHEN created_at < $2 THEN greatest(rows_from, $2) ELSE rows_from END,
    rollups_from = CASE WHEN created_at < $3 THEN greatest(rollups_from, $3) ELSE rollups_from END
WHERE client_id = $1
    AND (
        (created_at < $2 AND (rows_from IS NULL OR rows_from < $2))
        OR (created_at < $3 AND (rollups_from IS NULL OR rollups_from < $3))
    )
