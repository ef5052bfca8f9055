-- With the request of the saved report, if the author still sees it. While a tenant is suspended or its queue is
-- full, its schedules wait, and are not in the way of others.
SELECT
    schedule.client_id, tenant.time_zone,
    coalesce(schedule.kind, saved.kind) AS due_kind,
    coalesce(schedule.request, saved.request) AS due_request,
    schedule.schedule_id, schedule.name, schedule.report_id, schedule.kind, schedule.request,
    schedule.relative_range, schedule.weekday, schedule.local_time, schedule.asked_by,
    schedule.authority, schedule.advertiser_id, schedule.campaigns, schedule.user_version,
    schedule.created_by, schedule.created_at, schedule.updated_at, schedule.next_run_at,
    schedule.last_run_at
FROM report_schedule AS schedule
JOIN tenant ON tenant.client_id = schedule.client_id
LEFT JOIN saved_report AS saved
    ON saved.client_id = schedule.client_id
    AND saved.report_id = schedule.report_id
    AND (saved.visibility = 'private' AND saved.created_by = schedule.created_by
         OR saved.visibility = 'shared' AND schedule.advertiser_id IS NULL AND schedule.campaigns IS NULL)
WHERE schedule.next_run_at <= $1
  AND tenant.state IN ('active', 'offboarding') AND tenant.suspended_for IS NULL
  AND $2 > (
      SELECT count(*) FROM report_job AS job
      WHERE job.client_id = schedule.client_id AND job.state = 'queued'
  )
ORDER BY schedule.next_run_at
LIMIT 100
