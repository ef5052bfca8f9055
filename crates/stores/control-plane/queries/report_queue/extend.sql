-- Only while the claim holds, nobody has cancelled the job and its tenant may read. A claim that has ended is not
-- extended: others may have claimed as many jobs as the tenant may run.
UPDATE report_job
SET claimed_until = now() + $4 * interval '1 second', row_count = $5, byte_count = $6
WHERE client_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'
  AND claimed_until > now()
  AND EXISTS (
      SELECT FROM tenant
      WHERE tenant.client_id = report_job.client_id AND tenant.state IN ('active', 'offboarding')
  )
