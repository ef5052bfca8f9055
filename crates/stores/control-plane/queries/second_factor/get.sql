SELECT secret_sealed, confirmed_at IS NOT NULL AS is_confirmed FROM second_factor WHERE user_id = $1
