INSERT INTO api_key (client_id, key_id, kind, name, secret_hash, campaigns, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
