SELECT erasure_id, step, started_at, counts, finished_at
FROM person_erasure_step
WHERE client_id = $1 AND erasure_id = ANY($2)
ORDER BY erasure_id, started_at
