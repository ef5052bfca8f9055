UPDATE report_job
SET state = 'failed', claimed_until = NULL, finished_at = now(), failed_attempts = failed_attempts + 1,
    failure_code = $4, failure_detail = $5
WHERE client_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'
