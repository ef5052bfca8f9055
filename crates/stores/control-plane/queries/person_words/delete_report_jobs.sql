DELETE FROM report_job WHERE client_id = $1 AND job_id = ANY($2::uuid[]) AND is_removed
