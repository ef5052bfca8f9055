-- Under the tenant's lock, so that the counts include every other report.
INSERT INTO saved_report (
    client_id, report_id, name, description, visibility, kind, request, created_by, created_at, updated_at
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
WHERE (SELECT count(*) FROM saved_report WHERE client_id = $1) < $10
  AND ($5 = 'shared'
       OR (SELECT count(*) FROM saved_report
           WHERE client_id = $1 AND created_by = $8 AND visibility = 'private') < $11)
RETURNING report_id, name, description, visibility, kind, request, created_by, created_at, updated_at
