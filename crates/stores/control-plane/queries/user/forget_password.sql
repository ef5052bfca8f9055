UPDATE app_user SET password_hash = NULL
WHERE client_id = $1 AND user_id = $2 AND password_hash IS NOT NULL
