-- The times of a partition's records ascend with their offsets.
SELECT coalesce(max(last) FILTER (WHERE logged_to < $3), -1) + 1,
    min(last) FILTER (WHERE logged_to >= $3) + 1
FROM archived
WHERE kgen = $1 AND partition = $2
