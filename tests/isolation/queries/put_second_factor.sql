UPDATE second_factor SET secret_sealed = $2 WHERE user_id::text = $1
