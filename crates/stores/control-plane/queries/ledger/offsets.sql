SELECT kgen, partition, next_offset
FROM lease JOIN log_generation USING (kgen)
WHERE consumer_group = $1 AND topic = $2
ORDER BY kgen, partition
