-- A job whose claim has ended waits as the queued ones do. One that is to be tried again later does not wait yet.
SELECT
    count(*) FILTER (WHERE state = 'queued' OR claimed_until <= now()) AS queued,
    count(*) FILTER (WHERE state = 'running' AND claimed_until > now()) AS running,
    greatest(extract(epoch FROM now() - min(coalesce(claimed_until, claim_after))
        FILTER (WHERE state = 'queued' OR claimed_until <= now())), 0)::float8 AS oldest_seconds
FROM report_job
WHERE state IN ('queued', 'running')
