DELETE FROM batch WHERE state = 'done' AND done_at < $1
