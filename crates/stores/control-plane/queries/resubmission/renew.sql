-- Only while the row is as it was read: of two concurrent requests, one renews it.
UPDATE replay SET reserved_at = $4
WHERE client_id = $1 AND event_id = $2 AND reserved_at = $3 AND replayed_at IS NULL
