-- One statement, so that both are of one moment: a batch that is marked before `as_of` has raised the version.
-- As in `ledger/as_of.sql`, there is no answer without the leases of all partitions.
WITH current AS (
    SELECT kgen, partitions FROM log_generation WHERE topic = $3 ORDER BY kgen DESC LIMIT 1
)
SELECT
    min(as_of),
    coalesce((SELECT version FROM data_version WHERE client_id = $1), 0)
FROM lease JOIN current USING (kgen)
WHERE consumer_group = $2
HAVING count(as_of) = (SELECT partitions FROM current)
