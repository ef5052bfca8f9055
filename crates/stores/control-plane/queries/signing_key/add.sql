INSERT INTO signing_key (kid, pkcs8_sealed, created_at) VALUES ($1, $2, $3)
