-- Several processes note uses of a key: it is written once a minute all the same.
UPDATE api_key SET last_used_at = used.at
FROM unnest($1::text[], $2::timestamptz[]) AS used (key_id, at)
WHERE api_key.key_id = used.key_id
  AND (last_used_at IS NULL OR last_used_at < used.at - interval '1 minute')
