-- Epochs follow the clock (microseconds), so that none is used again after a restore: the names of
-- inserts contain them.
INSERT INTO lease (consumer_group, kgen, partition, epoch, owner, taken_at)
VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $4, now())
ON CONFLICT (consumer_group, kgen, partition)
    DO UPDATE SET epoch = greatest(lease.epoch + 1, excluded.epoch), owner = excluded.owner, taken_at = excluded.taken_at
RETURNING epoch, next_offset, as_of
