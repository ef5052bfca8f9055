-- Several processes note uses of a key: it is written once a minute all the same. Rows are locked in one order, so that
-- two processes never wait for each other.
WITH used AS (
    SELECT key_id, noted.at
    FROM api_key
    JOIN unnest($1::text[], $2::timestamptz[]) AS noted (key_id, at) USING (key_id)
    WHERE last_used_at IS NULL OR last_used_at < noted.at - interval '1 minute'
    ORDER BY key_id
    FOR UPDATE OF api_key
)
UPDATE api_key SET last_used_at = used.at
FROM used
WHERE api_key.key_id = used.key_id
