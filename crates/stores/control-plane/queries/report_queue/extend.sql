-- Only while no other process has claimed the job and nobody has cancelled it.
UPDATE report_job
SET claimed_until = now() + $4 * interval '1 second', row_count = $5, byte_count = $6
WHERE client_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'
