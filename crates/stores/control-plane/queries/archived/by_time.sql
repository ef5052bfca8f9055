SELECT kgen, partition, first, last, records, bytes, sha256, logged_from, logged_to
FROM archived
WHERE logged_to >= $1 AND logged_from < $2
ORDER BY kgen, partition, first
