UPDATE tenant_move SET ended_at = now() WHERE move_id = $1 AND ended_at IS NULL
