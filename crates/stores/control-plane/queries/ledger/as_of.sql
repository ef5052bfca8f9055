-- A partition that was never taken has no lease: without the leases of all, there is no answer.
WITH current AS (
    SELECT kgen, partitions FROM log_generation WHERE topic = $2 ORDER BY kgen DESC LIMIT 1
)
SELECT min(as_of)
FROM lease JOIN current USING (kgen)
WHERE consumer_group = $1
HAVING count(as_of) = (SELECT partitions FROM current)
