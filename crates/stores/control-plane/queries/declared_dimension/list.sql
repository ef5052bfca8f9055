SELECT name, pointer, kind FROM declared_dimension WHERE client_id = $1 ORDER BY name
