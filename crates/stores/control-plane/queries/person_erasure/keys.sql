SELECT client_id, sealed FROM person_key
