-- The same range under a plan that leaves out more records: rows sent under the old plan are still
-- recognised by their coordinates.
WITH held AS (
    SELECT FROM lease
    WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND epoch = $4
    FOR UPDATE
)
UPDATE batch SET skip = $7, destinations = $8, tenant_rows = $9
FROM held
WHERE consumer_group = $1 AND kgen = $2 AND partition = $3
  AND first = $5 AND last = $6 AND state = 'planned'
