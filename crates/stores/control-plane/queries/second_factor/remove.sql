DELETE FROM second_factor WHERE user_id = $1 AND ($2::text IS NULL OR client_id = $2)
