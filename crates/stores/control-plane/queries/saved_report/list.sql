SELECT report_id, name, description, visibility, kind, request, created_by, created_at, updated_at
FROM saved_report
WHERE client_id = $1
  AND (visibility = 'private' AND created_by = $2 OR visibility = 'shared' AND $3)
  AND ($4::uuid IS NULL OR report_id > $4)
ORDER BY report_id
LIMIT $5
