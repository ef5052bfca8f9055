-- False while a deletion of the tenant's rows still runs, so that it is not started again.
SELECT count() > 0
FROM kept_rollups
WHERE client_id = {client_id:String}
    AND toDateTime64(received_on, 3, 'UTC') < fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
    AND 0 = (
        SELECT count()
        FROM system.mutations
        WHERE database = currentDatabase()
            AND table = 'kept_rollups'
            AND NOT is_done
            AND position(command, concat('client_id = \'', {client_id:String}, '\'')) > 0
    )
