-- A run has one job, also if its schedule is changed back.
INSERT INTO report_job (
    client_id, job_id, state, kind, request, asked_by, authority, advertiser_id, campaigns, user_version,
    created_at, claim_after, schedule_id, due_at
)
SELECT client_id, $3, 'queued', $4, $5, asked_by, authority, advertiser_id, campaigns, user_version,
    $6, $6, schedule_id, $6
FROM report_schedule
WHERE client_id = $1 AND schedule_id = $2
ON CONFLICT (client_id, schedule_id, due_at) DO NOTHING
