-- Whether a deletion of copies is still under way: nothing else names a row by its place in a part.
SELECT count() > 0
FROM system.mutations
WHERE database = currentDatabase()
    AND table = 'events'
    AND NOT is_done
    AND position(command, '_part_offset') > 0
