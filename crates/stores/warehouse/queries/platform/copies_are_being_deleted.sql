-- Whether a deletion of copies still runs: no other mutation uses the place of a row in its part.
SELECT count() > 0
FROM system.mutations
WHERE database = currentDatabase()
    AND table = 'events'
    AND NOT is_done
    AND position(command, '_part_offset') > 0
