SELECT extract(epoch FROM now() - min(coalesce(repeated_at, asked_at)))::float8
FROM person_erasure AS erasure
JOIN tenant ON tenant.client_id = erasure.client_id
WHERE erased_at IS NULL AND tenant.state <> 'erasing'
