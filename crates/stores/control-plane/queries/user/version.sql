SELECT token_version FROM app_user WHERE user_id = $1 AND NOT disabled
