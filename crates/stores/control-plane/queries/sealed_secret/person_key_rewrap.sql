UPDATE person_key SET sealed = rewrapped.sealed
FROM unnest($1::text[], $2::bytea[]) AS rewrapped (row_key, sealed)
WHERE person_key.client_id = rewrapped.row_key
