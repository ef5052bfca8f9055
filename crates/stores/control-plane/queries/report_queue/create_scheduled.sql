-- A run has one job, also if its schedule is changed back. It has the version of its author as of now, if the
-- author still has the rights of the schedule: another password changes the version, and no right.
INSERT INTO report_job (
    client_id, job_id, state, kind, request, asked_by, authority, advertiser_id, campaigns, user_version,
    created_at, claim_after, schedule_id, due_at
)
SELECT
    schedule.client_id, $3, 'queued', $4, $5, schedule.asked_by, schedule.authority, schedule.advertiser_id,
    schedule.campaigns, coalesce(author.token_version, schedule.user_version), $6, now(),
    schedule.schedule_id, $6
FROM report_schedule AS schedule
LEFT JOIN app_user AS author
    ON author.client_id = schedule.client_id
    AND author.user_id = schedule.created_by
    AND author.role = schedule.authority
    AND author.advertiser_id IS NOT DISTINCT FROM schedule.advertiser_id
WHERE schedule.client_id = $1 AND schedule.schedule_id = $2
ON CONFLICT (client_id, schedule_id, due_at) DO NOTHING
