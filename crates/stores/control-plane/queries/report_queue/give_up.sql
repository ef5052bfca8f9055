-- The last allowed attempt of these has ended with its process.
UPDATE report_job
SET state = 'failed', claimed_until = NULL, finished_at = now(), failed_attempts = failed_attempts + 1,
    failure_code = $2, failure_detail = $3
WHERE state = 'running' AND claimed_until <= now() AND failed_attempts + 1 >= $1
