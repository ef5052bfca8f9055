UPDATE lease SET as_of = greatest(as_of, $5)
FROM unnest($3::integer[], $4::bigint[]) AS held (partition, epoch)
WHERE consumer_group = $1 AND kgen = $2
  AND lease.partition = held.partition AND lease.epoch = held.epoch
