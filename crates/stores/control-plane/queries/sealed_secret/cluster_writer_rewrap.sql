UPDATE cluster SET writer_password_sealed = rewrapped.sealed
FROM unnest($1::text[], $2::bytea[]) AS rewrapped (row_key, sealed)
WHERE cluster.name = rewrapped.row_key
