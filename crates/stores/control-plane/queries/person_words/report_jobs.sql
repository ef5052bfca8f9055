-- A job that waits or runs keeps its request: what it finds is without the person.
SELECT job_id::text, request
FROM report_job
WHERE client_id = $1 AND ($2::text IS NULL OR job_id > $2::uuid) AND state NOT IN ('queued', 'running') AND is_removed
ORDER BY job_id
LIMIT $3
