UPDATE signing_key SET pkcs8_sealed = rewrapped.sealed
FROM unnest($1::text[], $2::bytea[]) AS rewrapped (row_key, sealed)
WHERE signing_key.kid = rewrapped.row_key
