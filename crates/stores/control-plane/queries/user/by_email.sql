-- Without a tenant: of the accounts with a password an admin's, or else the oldest.
SELECT user_id, client_id, role, advertiser_id, password_hash, token_version
FROM app_user
WHERE email = $1 AND NOT disabled AND ($2::text IS NULL OR client_id = $2)
ORDER BY password_hash IS NULL, client_id IS NOT NULL, created_at, user_id
LIMIT 1
