-- A process whose job was cancelled or failed may still write for a moment: its file is awaited.
SELECT client_id, job_id, attempts
FROM report_job
WHERE state NOT IN ('queued', 'running') AND NOT is_removed
  AND (state = 'done' AND expires_at <= now()
       OR state IN ('failed', 'cancelled', 'expired')
          AND finished_at <= now() - $1 * interval '1 second')
ORDER BY finished_at
LIMIT 100
