SELECT EXISTS (
    SELECT FROM person_erasure_step WHERE client_id = $1 AND step = 'clickhouse' AND finished_at IS NULL
)
