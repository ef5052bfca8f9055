-- A step that was begun before keeps what it has.
INSERT INTO tenant_move_step (move_id, step) VALUES ($1, $2)
ON CONFLICT (move_id, step) DO NOTHING
