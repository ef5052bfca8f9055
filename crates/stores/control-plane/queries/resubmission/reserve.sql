-- In the order of the ids, so that two writers cannot deadlock. An existing reservation remains
-- unchanged and is only read.
INSERT INTO replay (client_id, event_id, reserved_at)
SELECT DISTINCT $1, event_id, $3::timestamptz
FROM unnest($2::uuid[]) AS wanted (event_id)
ORDER BY event_id
ON CONFLICT (client_id, event_id) DO NOTHING
