DELETE FROM parked_log WHERE topic_id <> $1
