UPDATE second_factor SET secret_sealed = rewrapped.sealed
FROM unnest($1::text[], $2::bytea[]) AS rewrapped (row_key, sealed)
WHERE second_factor.user_id = rewrapped.row_key::uuid
