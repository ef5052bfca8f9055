DELETE FROM report_job WHERE is_removed AND finished_at < now() - $1 * interval '1 second'
