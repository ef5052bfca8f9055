UPDATE parked_order SET finished_at = now() WHERE client_id = $1 AND order_id = $2 AND finished_at IS NULL
