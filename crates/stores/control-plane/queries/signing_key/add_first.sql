INSERT INTO signing_key (kid, pkcs8_sealed, created_at)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM signing_key)
