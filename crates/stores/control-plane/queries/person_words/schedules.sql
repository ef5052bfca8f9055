-- A schedule of a saved report has no request of its own.
SELECT schedule_id::text, coalesce(request, 'null')
FROM report_schedule
WHERE client_id = $1 AND ($2::text IS NULL OR schedule_id > $2::uuid)
ORDER BY schedule_id
LIMIT $3
