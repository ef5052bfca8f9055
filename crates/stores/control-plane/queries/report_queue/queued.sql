SELECT count(*) FROM report_job WHERE client_id = $1 AND state = 'queued'
