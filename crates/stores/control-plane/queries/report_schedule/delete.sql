-- Who sees all of the tenant's has no $2.
DELETE FROM report_schedule
WHERE client_id = $1 AND ($2::uuid IS NULL OR created_by = $2) AND schedule_id = $3
