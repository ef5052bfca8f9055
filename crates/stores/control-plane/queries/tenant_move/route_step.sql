INSERT INTO tenant_move_step (move_id, step, places, finished_at)
VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END)
ON CONFLICT (move_id, step) DO UPDATE SET places = excluded.places, finished_at = excluded.finished_at
