-- The first offset of each partition that no batch covers yet, in the latest generation.
SELECT lease.kgen, lease.partition, greatest(lease.next_offset, coalesce(max(batch.last) + 1, 0))
FROM lease
LEFT JOIN batch ON batch.consumer_group = lease.consumer_group AND batch.kgen = lease.kgen
    AND batch.partition = lease.partition AND batch.state = 'planned'
WHERE lease.consumer_group = $1
  AND lease.kgen = (SELECT max(kgen) FROM log_generation WHERE topic = $2)
GROUP BY lease.kgen, lease.partition, lease.next_offset
ORDER BY lease.kgen, lease.partition
