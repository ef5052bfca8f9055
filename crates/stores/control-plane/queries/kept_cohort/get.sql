SELECT cohort_id, name, description, definition, created_by, created_at, updated_at
FROM kept_cohort
WHERE client_id = $1 AND cohort_id = ANY ($2)
ORDER BY cohort_id
