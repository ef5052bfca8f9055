UPDATE kept_cohort
SET name = $3, description = $4, definition = $5, updated_at = $6
WHERE client_id = $1 AND cohort_id = $2
  AND (created_by = $7 OR $8)
RETURNING cohort_id, name, description, definition, created_by, created_at, updated_at
