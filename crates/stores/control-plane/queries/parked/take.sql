UPDATE parked_hour SET first_offset = $6, events = events - $7, bytes = greatest(bytes - $8, 0)
WHERE client_id = $1 AND topic_id = $2 AND partition = $3 AND hour = $4 AND first_offset = $5
