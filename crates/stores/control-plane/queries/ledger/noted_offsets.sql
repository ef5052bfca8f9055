-- Only of the latest generation: fences of an earlier one no longer move.
SELECT kgen, partition, next_offset
FROM lease
WHERE consumer_group = $1
  AND kgen = (SELECT max(kgen) FROM log_generation WHERE topic = $2)
