-- A step that was begun before keeps its counts.
INSERT INTO person_erasure_step (client_id, erasure_id, step, counts) VALUES ($1, $2, $3, $4)
ON CONFLICT (client_id, erasure_id, step) DO NOTHING
