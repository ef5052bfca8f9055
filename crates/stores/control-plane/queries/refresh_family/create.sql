INSERT INTO refresh_family (family_id, user_id, created_at) VALUES ($1, $2, $3)
