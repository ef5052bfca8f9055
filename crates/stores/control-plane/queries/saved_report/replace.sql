-- A report that its author has made private meanwhile is no other user's to change.
UPDATE saved_report
SET name = $3, description = $4, visibility = $5, kind = $6, request = $7, updated_at = $8
WHERE client_id = $1 AND report_id = $2
  AND (created_by = $9 OR visibility = 'shared' AND $10)
RETURNING report_id, name, description, visibility, kind, request, created_by, created_at, updated_at
