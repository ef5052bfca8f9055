SELECT order_id, action, before, asked_by, asked_at, events, bytes, finished_at
FROM parked_order
WHERE client_id = $1
ORDER BY asked_at DESC, order_id DESC
LIMIT $2
