UPDATE person_erasure_step SET counts = $4 WHERE client_id = $1 AND erasure_id = $2 AND step = $3
