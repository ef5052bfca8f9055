-- Who reads all of the tenant's has no $2. Anybody else reads the own ones; with a limit to campaigns, those
-- that were asked with the same limit: it may have been another one.
SELECT
    job_id, state, kind, request, asked_by, authority, advertiser_id, campaigns, user_version,
    created_at, attempts, failed_attempts, started_at, finished_at, expires_at, row_count, byte_count,
    sha256, as_of, range_from, range_to, time_zone, file_name, media_type, failure_code, failure_detail,
    schedule_id, due_at
FROM report_job
WHERE client_id = $1
  AND ($2::text IS NULL
       OR asked_by = $2
          AND ($3 OR advertiser_id IS NOT DISTINCT FROM $4 AND campaigns IS NOT DISTINCT FROM $5))
  AND ($6::uuid IS NULL OR job_id < $6)
ORDER BY job_id DESC
LIMIT $7
