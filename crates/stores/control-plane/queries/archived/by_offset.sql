SELECT kgen, partition, first, last, records, bytes, sha256, logged_from, logged_to
FROM archived
WHERE kgen = $1 AND partition = $2 AND last >= $3 AND first <= $4
ORDER BY first
