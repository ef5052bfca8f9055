-- Under the tenant's lock, so that the counts include every other schedule.
INSERT INTO report_schedule (
    client_id, schedule_id, name, report_id, kind, request, relative_range, weekday, local_time, asked_by,
    authority, advertiser_id, campaigns, user_version, next_run_at, created_by, created_at, updated_at
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17
WHERE (SELECT count(*) FROM report_schedule WHERE client_id = $1) < $18
  AND (SELECT count(*) FROM report_schedule WHERE client_id = $1 AND created_by = $16) < $19
RETURNING
    schedule_id, name, report_id, kind, request, relative_range, weekday, local_time, asked_by, authority,
    advertiser_id, campaigns, user_version, created_by, created_at, updated_at, next_run_at, last_run_at
