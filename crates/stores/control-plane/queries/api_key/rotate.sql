-- Without an overlap, the tokens that were issued for the former secret end with it.
UPDATE api_key
SET former_secret_hash = secret_hash,
    former_valid_until = $4,
    secret_hash = $3,
    version = version + CASE WHEN $4 <= $5 THEN 1 ELSE 0 END
WHERE client_id = $1 AND key_id = $2 AND revoked_at IS NULL
RETURNING key_id, kind, name, campaigns, created_at, expires_at, revoked_at, former_valid_until,
    last_used_at
