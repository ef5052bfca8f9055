INSERT INTO app_user (user_id, email, password_hash, role, client_id, advertiser_id)
VALUES ($1, $2, $3, $4, $5, $6)
