-- Only from where the last count ended: of two processes that count the same records, one does.
INSERT INTO parked_log AS known (topic_id, partition, next_offset)
VALUES ($1, $2, $4)
ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = $4 WHERE known.next_offset = $3
