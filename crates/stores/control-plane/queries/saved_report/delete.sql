DELETE FROM saved_report
WHERE client_id = $1 AND report_id = $2
  AND (created_by = $3 OR visibility = 'shared' AND $4)
RETURNING report_id, name, description, visibility, kind, request, created_by, created_at, updated_at
