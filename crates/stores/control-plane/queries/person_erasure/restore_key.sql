INSERT INTO person_key (client_id, sealed)
SELECT client_id, $2 FROM tenant WHERE client_id = $1 AND state <> 'erasing'
ON CONFLICT (client_id) DO NOTHING
