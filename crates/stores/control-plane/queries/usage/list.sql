SELECT day, reports, stream_milliseconds
FROM usage_count
WHERE client_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day
