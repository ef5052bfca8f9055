SELECT report_id::text, request
FROM saved_report
WHERE client_id = $1 AND ($2::text IS NULL OR report_id > $2::uuid)
ORDER BY report_id
LIMIT $3
