-- The lock taken before makes the number that follows the highest a safe choice.
INSERT INTO log_generation (kgen, topic, topic_id, partitions)
SELECT coalesce(max(kgen), 0) + 1, $1, $2, $3 FROM log_generation
ON CONFLICT (topic, topic_id)
    DO UPDATE SET partitions = greatest(log_generation.partitions, excluded.partitions)
RETURNING kgen
