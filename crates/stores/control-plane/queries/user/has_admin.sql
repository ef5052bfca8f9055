SELECT EXISTS (SELECT FROM app_user WHERE email = $1 AND client_id IS NULL)
