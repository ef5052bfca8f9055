SELECT client_id, kind, secret_hash, former_secret_hash, former_valid_until, campaigns, expires_at,
    version
FROM api_key
WHERE key_id = $1 AND revoked_at IS NULL
