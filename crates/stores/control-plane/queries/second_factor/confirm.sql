UPDATE second_factor SET confirmed_at = $3, last_step = $2
WHERE user_id = $1 AND confirmed_at IS NULL AND secret_sealed = $4
