SELECT move_id, step, started_at, counts, places, finished_at
FROM tenant_move_step
WHERE move_id = ANY($1)
ORDER BY started_at
