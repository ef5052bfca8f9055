-- Under the lock of claims, so that the counts include every other claim. The tenant with the fewest
-- running jobs comes first, so that none waits for the queue of another; of its jobs, the oldest. A job
-- whose claim has ended counts as queued: its process has died, or is too slow. Those of a suspended tenant
-- wait.
WITH running AS (
    SELECT client_id, count(*) AS jobs
    FROM report_job
    WHERE state = 'running' AND claimed_until > now()
    GROUP BY client_id
), candidate AS (
    SELECT job.client_id, job.job_id
    FROM report_job AS job
    JOIN tenant ON tenant.client_id = job.client_id
    LEFT JOIN running ON running.client_id = job.client_id
    WHERE tenant.state IN ('active', 'offboarding') AND tenant.suspended_for IS NULL
      AND coalesce(running.jobs, 0) < $1
      AND (job.state = 'queued' AND job.claim_after <= now()
           OR job.state = 'running' AND job.claimed_until <= now())
    ORDER BY coalesce(running.jobs, 0), job.created_at
    LIMIT 1
    FOR UPDATE OF job SKIP LOCKED
)
UPDATE report_job AS job
SET state = 'running',
    claimed_until = now() + $2 * interval '1 second',
    attempts = job.attempts + 1,
    failed_attempts = job.failed_attempts + (job.state = 'running')::integer,
    started_at = coalesce(job.started_at, now()),
    row_count = NULL,
    byte_count = 0
FROM candidate
WHERE job.client_id = candidate.client_id AND job.job_id = candidate.job_id
RETURNING
    job.client_id, job.job_id, job.state, job.kind, job.request, job.asked_by, job.authority, job.advertiser_id,
    job.campaigns, job.user_version, job.created_at, job.attempts, job.failed_attempts,
    job.started_at, job.finished_at, job.expires_at, job.row_count, job.byte_count, job.sha256,
    job.as_of, job.range_from, job.range_to, job.time_zone, job.file_name, job.media_type,
    job.failure_code, job.failure_detail, job.schedule_id, job.due_at
