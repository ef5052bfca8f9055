SELECT key_id, kind, name, campaigns, created_at, expires_at, revoked_at, former_valid_until,
    last_used_at
FROM api_key
WHERE client_id = $1 AND key_id = $2 AND revoked_at IS NULL
FOR UPDATE
