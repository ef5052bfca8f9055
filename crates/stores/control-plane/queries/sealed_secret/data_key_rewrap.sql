UPDATE data_key SET sealed = rewrapped.sealed
FROM unnest($1::text[], $2::bytea[]) AS rewrapped (row_key, sealed)
WHERE coalesce(data_key.client_id::text, '-') = rewrapped.row_key
