INSERT INTO refresh_family (family_id, user_id, created_at, ends_at, address, user_agent)
VALUES ($1, $2, $3, $4, $5, $6)
