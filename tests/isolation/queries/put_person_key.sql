UPDATE person_key SET sealed = $2 WHERE client_id::text = $1
