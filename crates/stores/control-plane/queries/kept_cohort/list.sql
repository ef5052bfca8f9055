SELECT cohort_id, name, description, definition, created_by, created_at, updated_at
FROM kept_cohort
WHERE client_id = $1
  AND ($2::uuid IS NULL OR cohort_id > $2)
ORDER BY cohort_id
LIMIT $3
