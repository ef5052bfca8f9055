UPDATE api_key SET revoked_at = now()
WHERE client_id = $1 AND key_id = $2 AND kind = ANY ($3) AND revoked_at IS NULL
