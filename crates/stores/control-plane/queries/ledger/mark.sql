-- The lease advances only over a planned batch, and the batch is done only if the lease advances.
WITH moved AS (
    UPDATE lease SET next_offset = $6 + 1, as_of = greatest(as_of, $7)
    WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND epoch = $4 AND next_offset = $5
      AND EXISTS (
          SELECT FROM batch
          WHERE consumer_group = $1 AND kgen = $2 AND partition = $3
            AND first = $5 AND last = $6 AND state = 'planned'
      )
    RETURNING as_of
)
UPDATE batch SET state = 'done', done_at = now()
FROM moved
WHERE consumer_group = $1 AND kgen = $2 AND partition = $3 AND first = $5
RETURNING moved.as_of
