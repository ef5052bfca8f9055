SELECT first, last, epoch, skip, destinations, planned_at
FROM batch
WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND state = 'done'
  AND last >= $4 AND first <= $5
ORDER BY first
