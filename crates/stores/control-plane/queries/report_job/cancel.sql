-- Who may see a job may cancel it. A finished one gives up its file; a running one is noticed by its process.
UPDATE report_job
SET state = CASE state WHEN 'done' THEN 'expired' ELSE 'cancelled' END,
    expires_at = CASE state WHEN 'done' THEN now() END,
    finished_at = coalesce(finished_at, now()),
    claimed_until = NULL
WHERE client_id = $1
  AND ($2::text IS NULL
       OR asked_by = $2
          AND ($3 OR advertiser_id IS NOT DISTINCT FROM $4 AND campaigns IS NOT DISTINCT FROM $5))
  AND job_id = $6
  AND state IN ('queued', 'running', 'done')
RETURNING state = 'cancelled'
