SELECT key_id, kind, name, campaigns, created_at, expires_at, revoked_at, former_valid_until,
    last_used_at
FROM api_key
WHERE client_id = $1
ORDER BY name, created_at
