DELETE FROM declared_dimension WHERE client_id = $1 AND name = $2
