-- $4 and $6 say whether campaigns and expiry change; null is a value of both.
UPDATE api_key
SET name = coalesce($3, name),
    campaigns = CASE WHEN $4 THEN $5 ELSE campaigns END,
    expires_at = CASE WHEN $6 THEN $7 ELSE expires_at END
WHERE client_id = $1 AND key_id = $2 AND revoked_at IS NULL
RETURNING key_id, kind, name, campaigns, created_at, expires_at, revoked_at, former_valid_until,
    last_used_at
