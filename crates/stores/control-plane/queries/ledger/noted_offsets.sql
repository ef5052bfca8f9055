-- Of the log as it was made last: fences of an earlier one are moved by nobody any more.
SELECT kgen, partition, next_offset
FROM lease
WHERE consumer_group = $1
  AND kgen = (SELECT max(kgen) FROM log_generation WHERE topic = $2)
