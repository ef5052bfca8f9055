-- Only one is unfinished; a second one changes nothing.
INSERT INTO parked_order (client_id, order_id, action, before, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (client_id) WHERE finished_at IS NULL DO NOTHING
