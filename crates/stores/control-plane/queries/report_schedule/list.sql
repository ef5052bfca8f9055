-- Who sees all of the tenant's has no $2.
SELECT
    schedule_id, name, report_id, kind, request, relative_range, weekday, local_time, asked_by, authority,
    advertiser_id, campaigns, user_version, created_by, created_at, updated_at, next_run_at, last_run_at
FROM report_schedule
WHERE client_id = $1 AND ($2::uuid IS NULL OR created_by = $2) AND ($3::uuid IS NULL OR schedule_id > $3)
ORDER BY schedule_id
LIMIT $4
