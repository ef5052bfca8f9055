-- Whether a deletion of rows of persons still runs, by what only such a deletion names.
SELECT count() > 0
FROM system.mutations
WHERE database = currentDatabase()
    AND NOT is_done
    AND position(command, concat('client_id = \'', {client_id:String}, '\'')) > 0
    AND (position(command, 'arrayZip') > 0 OR position(command, 'reject_id') > 0)
