INSERT INTO person_key (client_id, sealed) VALUES ($1, $2)
ON CONFLICT (client_id) DO NOTHING
