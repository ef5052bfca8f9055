UPDATE replay SET replayed_at = $3
WHERE client_id = $1 AND event_id = ANY ($2) AND replayed_at IS NULL
