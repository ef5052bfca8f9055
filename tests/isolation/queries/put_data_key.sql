-- The platform's has no tenant.
UPDATE data_key SET sealed = $2 WHERE coalesce(client_id::text, '-') = $1
