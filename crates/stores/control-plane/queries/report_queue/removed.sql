UPDATE report_job
SET is_removed = true, state = CASE state WHEN 'done' THEN 'expired' ELSE state END
WHERE client_id = $1 AND job_id = $2
