-- A code counts once, also if it is sent twice at the same time.
UPDATE second_factor SET last_step = $2, failures = 0, locked_until = NULL
WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2
