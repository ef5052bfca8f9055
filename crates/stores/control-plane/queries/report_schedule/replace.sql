-- Its author's alone: the jobs have the rights of the author.
UPDATE report_schedule
SET name = $3, report_id = $4, kind = $5, request = $6, relative_range = $7, weekday = $8, local_time = $9,
    asked_by = $10, authority = $11, advertiser_id = $12, campaigns = $13, user_version = $14,
    next_run_at = $15, updated_at = $17
WHERE client_id = $1 AND schedule_id = $2 AND created_by = $16
RETURNING
    schedule_id, name, report_id, kind, request, relative_range, weekday, local_time, asked_by, authority,
    advertiser_id, campaigns, user_version, created_by, created_at, updated_at, next_run_at, last_run_at
