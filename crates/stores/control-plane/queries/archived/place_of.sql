-- Records of a partition were logged in their order.
SELECT coalesce(max(last) FILTER (WHERE logged_to < $3), -1) + 1,
    min(last) FILTER (WHERE logged_to >= $3) + 1
FROM archived
WHERE kgen = $1 AND partition = $2
