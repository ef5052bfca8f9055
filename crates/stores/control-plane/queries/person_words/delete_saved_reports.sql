-- With the schedules that make them.
DELETE FROM saved_report WHERE client_id = $1 AND report_id = ANY($2::uuid[])
