-- It costs the jobs no attempt. Their processes stop, because they can no longer extend their claims.
UPDATE report_job
SET state = 'queued', claimed_until = NULL, claim_after = now(), row_count = NULL, byte_count = 0
WHERE client_id = $1 AND state = 'running'
