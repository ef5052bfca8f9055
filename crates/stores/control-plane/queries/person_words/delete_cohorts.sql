DELETE FROM kept_cohort WHERE client_id = $1 AND cohort_id = ANY($2::uuid[])
