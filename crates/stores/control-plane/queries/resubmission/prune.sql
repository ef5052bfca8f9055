DELETE FROM replay WHERE client_id = $1 AND reserved_at < $2
