SELECT count(*) FROM erased_person WHERE client_id = $1
