SELECT hour, sum(events)::bigint AS events, sum(bytes)::bigint AS bytes
FROM parked_hour
WHERE client_id = $1 AND hour > $2
GROUP BY hour
ORDER BY hour
