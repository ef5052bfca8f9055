UPDATE offboarding_step SET counts = $3, finished_at = now()
WHERE client_id = $1 AND step = $2 AND finished_at IS NULL
