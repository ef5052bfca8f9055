-- Under the tenant's lock, so that the count includes every other cohort.
INSERT INTO kept_cohort (
    client_id, cohort_id, name, description, definition, created_by, created_at, updated_at
)
SELECT $1, $2, $3, $4, $5, $6, $7, $7
WHERE (SELECT count(*) FROM kept_cohort WHERE client_id = $1) < $8
RETURNING cohort_id, name, description, definition, created_by, created_at, updated_at
