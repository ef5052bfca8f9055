-- The file counts only under the claim that wrote it.
UPDATE report_job
SET state = 'done', claimed_until = NULL, finished_at = now(),
    expires_at = now() + $4 * interval '1 second',
    row_count = $5, byte_count = $6, sha256 = $7, as_of = $8, range_from = $9, range_to = $10,
    time_zone = $11, file_name = $12, media_type = $13
WHERE client_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'
