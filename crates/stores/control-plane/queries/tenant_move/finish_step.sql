UPDATE tenant_move_step SET counts = $3, finished_at = now()
WHERE move_id = $1 AND step = $2 AND finished_at IS NULL
