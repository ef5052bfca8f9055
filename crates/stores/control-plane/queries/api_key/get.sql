SELECT client_id, kind, secret_hash, campaigns, expires_at
FROM api_key
WHERE key_id = $1 AND revoked_at IS NULL
