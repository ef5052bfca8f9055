UPDATE parked_order SET events = events + $3, bytes = bytes + $4
WHERE client_id = $1 AND order_id = $2 AND finished_at IS NULL
