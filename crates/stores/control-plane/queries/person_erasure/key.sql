SELECT sealed FROM person_key WHERE client_id = $1
