UPDATE lease SET as_of = greatest(as_of, $5)
FROM unnest($3::integer[], $4::bigint[], $6::bigint[]) AS held (partition, epoch, next_offset)
WHERE consumer_group = $1 AND kgen = $2
  AND lease.partition = held.partition AND lease.epoch = held.epoch
    AND lease.next_offset >= held.next_offset
