SELECT cohort_id::text, jsonb_build_array(name, description, definition)
FROM kept_cohort
WHERE client_id = $1 AND ($2::text IS NULL OR cohort_id > $2::uuid)
ORDER BY cohort_id
LIMIT $3
