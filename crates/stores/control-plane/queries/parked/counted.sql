SELECT partition, next_offset FROM parked_log WHERE topic_id = $1
