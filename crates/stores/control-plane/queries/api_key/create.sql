INSERT INTO api_key (client_id, key_id, kind, name, secret_hash, campaigns)
VALUES ($1, $2, $3, $4, $5, $6)
