-- Only from where the last step ended: of two processes that take the same events, one counts them.
DELETE FROM parked_hour
WHERE client_id = $1 AND topic_id = $2 AND partition = $3 AND hour = $4 AND first_offset = $5
    AND (next_offset <= $6 OR events <= $7)
