UPDATE tenant_move_step SET counts = $3 WHERE move_id = $1 AND step = $2 AND finished_at IS NULL
