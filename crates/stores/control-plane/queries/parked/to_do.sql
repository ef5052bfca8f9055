SELECT client_id, order_id, action, before FROM parked_order WHERE finished_at IS NULL ORDER BY asked_at, order_id
