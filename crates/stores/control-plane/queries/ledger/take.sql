INSERT INTO lease (consumer_group, kgen, partition, epoch, owner, taken_at)
VALUES ($1, $2, $3, 1, $4, now())
ON CONFLICT (consumer_group, kgen, partition)
    DO UPDATE SET epoch = lease.epoch + 1, owner = excluded.owner, taken_at = excluded.taken_at
RETURNING epoch, next_offset, as_of
