-- Under the tenant's lock, so that the count includes every other job. The clock of PostgreSQL decides when it
-- is claimed: that of the api may be ahead.
INSERT INTO report_job (
    client_id, job_id, state, kind, request, asked_by, authority, advertiser_id, campaigns, user_version,
    created_at, claim_after
)
SELECT $1, $2, 'queued', $3, $4, $5, $6, $7, $8, $9, $10, now()
WHERE (SELECT count(*) FROM report_job WHERE client_id = $1 AND state = 'queued') < $11
RETURNING
    job_id, state, kind, request, asked_by, authority, advertiser_id, campaigns, user_version,
    created_at, attempts, failed_attempts, started_at, finished_at, expires_at, row_count, byte_count,
    sha256, as_of, range_from, range_to, time_zone, file_name, media_type, failure_code, failure_detail,
    schedule_id, due_at
