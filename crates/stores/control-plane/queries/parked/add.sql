INSERT INTO parked_hour AS known (client_id, topic_id, partition, hour, events, bytes, first_offset, next_offset)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (client_id, topic_id, partition, hour) DO UPDATE SET
    events = known.events + excluded.events,
    bytes = known.bytes + excluded.bytes,
    next_offset = greatest(known.next_offset, excluded.next_offset)
