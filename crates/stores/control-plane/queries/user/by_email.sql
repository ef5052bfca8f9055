SELECT user_id, client_id, role, advertiser_id, password_hash, token_version
FROM app_user
WHERE email = $1 AND NOT disabled
