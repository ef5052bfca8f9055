SELECT event_id, reserved_at, replayed_at
FROM replay
WHERE client_id = $1 AND event_id = ANY ($2)
