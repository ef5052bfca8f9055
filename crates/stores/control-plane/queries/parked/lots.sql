SELECT partition, hour, first_offset, next_offset
FROM parked_hour
WHERE client_id = $1 AND topic_id = $2 AND ($3::timestamptz IS NULL OR hour < $3)
ORDER BY partition, hour
