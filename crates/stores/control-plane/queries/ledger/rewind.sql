-- A later epoch, as of a take: a process that still has the partition reads it again. Partitions without a place
-- begin anew.
UPDATE lease SET
    next_offset = least(next_offset, coalesce((
        SELECT place.next_offset
        FROM unnest($3::integer[], $4::integer[], $5::bigint[]) AS place (kgen, partition, next_offset)
        WHERE place.kgen = lease.kgen AND place.partition = lease.partition
    ), 0)),
    epoch = greatest(epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
    as_of = NULL
WHERE consumer_group = $1 AND kgen IN (SELECT kgen FROM log_generation WHERE topic = $2)
