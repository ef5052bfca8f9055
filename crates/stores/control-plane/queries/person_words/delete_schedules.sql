DELETE FROM report_schedule WHERE client_id = $1 AND schedule_id = ANY($2::uuid[])
