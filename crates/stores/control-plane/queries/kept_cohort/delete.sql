DELETE FROM kept_cohort
WHERE client_id = $1 AND cohort_id = $2
  AND (created_by = $3 OR $4)
RETURNING cohort_id, name, description, definition, created_by, created_at, updated_at
