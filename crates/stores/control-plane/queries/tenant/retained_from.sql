-- The start of the day from which on the tenant's rows are retained, by the time of the log. None while the tenant
-- is younger: then no row of it has expired. Days have 24 hours here, whatever zone the session has.
SELECT date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * retention_days::integer) AS retained_from
FROM tenant
WHERE client_id = $1
    AND created_at < date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * retention_days::integer)
