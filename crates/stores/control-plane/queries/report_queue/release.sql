-- The job is queued again, after a failed attempt or because its process stops.
UPDATE report_job
SET state = 'queued', claimed_until = NULL, failed_attempts = failed_attempts + $4,
    claim_after = now() + $5 * interval '1 second', row_count = NULL, byte_count = 0
WHERE client_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'
