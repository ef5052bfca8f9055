UPDATE app_user SET disabled = true WHERE client_id = $1 AND user_id = $2
