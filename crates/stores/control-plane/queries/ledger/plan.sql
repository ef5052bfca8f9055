-- The row lock makes a take wait until the plan is written, and then find it.
WITH held AS (
    SELECT FROM lease
    WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND epoch = $4 AND next_offset = $5
    FOR UPDATE
)
INSERT INTO batch
    (consumer_group, kgen, partition, first, last, epoch, skip, destinations, state)
SELECT $1, $2, $3, $5, $6, $4, $7, $8, 'planned' FROM held
