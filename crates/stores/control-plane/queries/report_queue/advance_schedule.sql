-- Of the processes that saw the same run, the first one changes the row.
UPDATE report_schedule
SET next_run_at = $4, last_run_at = $5
WHERE client_id = $1 AND schedule_id = $2 AND next_run_at = $3
