SELECT EXISTS (SELECT FROM tenant_move WHERE client_id = $1 AND ended_at IS NULL)
