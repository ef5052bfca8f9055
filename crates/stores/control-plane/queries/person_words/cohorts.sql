SELECT cohort_id::text, definition
FROM kept_cohort
WHERE client_id = $1 AND ($2::text IS NULL OR cohort_id > $2::uuid)
ORDER BY cohort_id
LIMIT $3
