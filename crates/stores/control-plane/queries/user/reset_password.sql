UPDATE app_user SET password_hash = $3 WHERE client_id = $1 AND user_id = $2
