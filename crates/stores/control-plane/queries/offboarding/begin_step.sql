-- A step that was begun before keeps its counts.
INSERT INTO offboarding_step (client_id, step, counts) VALUES ($1, $2, $3)
ON CONFLICT (client_id, step) DO NOTHING
