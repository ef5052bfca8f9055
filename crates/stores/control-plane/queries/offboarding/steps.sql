SELECT step, started_at, counts, finished_at
FROM offboarding_step
WHERE client_id = $1
ORDER BY started_at
