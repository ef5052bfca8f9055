-- The start of the day from which on the tenant's rows are retained, and from which on its rollups are, by the time of
-- the log. None while the tenant is younger: then nothing of it has expired. What is deleted stays so when it is to
-- be retained longer. Rollups expire by months. Days have 24 hours here, whatever zone the session has.
SELECT
    greatest(rows_from, CASE WHEN created_at < of_rows THEN of_rows END) AS of_rows,
    greatest(rollups_from, CASE WHEN created_at < of_rollups THEN of_rollups END) AS of_rollups
FROM tenant,
    LATERAL (
        SELECT
            date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * retention_days::integer) AS of_rows,
            date_trunc('day', now(), 'UTC')
                - make_interval(hours => 24 * rollup_retention_days::integer) AS of_rolled_up
    ) AS settings,
    LATERAL (
        SELECT CASE
            WHEN rollup_retention_days > retention_days THEN date_trunc('month', of_rolled_up, 'UTC')
            ELSE of_rows
        END AS of_rollups
    ) AS edges
WHERE client_id = $1
