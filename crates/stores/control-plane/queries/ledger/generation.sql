-- The lock on the table, acquired before, makes the highest number plus one a safe choice.
INSERT INTO log_generation (kgen, topic, topic_id, partitions)
SELECT coalesce(max(kgen), 0) + 1, $1, $2, $3 FROM log_generation
ON CONFLICT (topic, topic_id)
    DO UPDATE SET partitions = greatest(log_generation.partitions, excluded.partitions)
RETURNING kgen
