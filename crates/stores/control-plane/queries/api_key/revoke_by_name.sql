UPDATE api_key SET revoked_at = now()
WHERE client_id = $1 AND name = $2 AND revoked_at IS NULL
