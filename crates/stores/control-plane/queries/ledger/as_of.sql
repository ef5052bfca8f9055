-- A partition nobody has taken yet has no lease: all are counted, or there is no answer.
WITH current AS (
    SELECT DISTINCT ON (topic) kgen, partitions FROM log_generation ORDER BY topic, kgen DESC
)
SELECT min(as_of)
FROM lease JOIN current USING (kgen)
WHERE consumer_group = $1
HAVING count(as_of) = (SELECT sum(partitions) FROM current)
