-- How many jobs that began before this time may still have a file, or write one.
SELECT count(*)
FROM report_job
WHERE client_id = $1 AND started_at < $2
  AND (state = 'running' OR state <> 'queued' AND NOT is_removed)
