UPDATE offboarding SET erasing_since = now()
WHERE client_id = $1 AND erasing_since IS NULL AND grace_ends_at <= now()
