UPDATE person_erasure_step SET counts = $4, finished_at = now()
WHERE client_id = $1 AND erasure_id = $2 AND step = $3 AND finished_at IS NULL
