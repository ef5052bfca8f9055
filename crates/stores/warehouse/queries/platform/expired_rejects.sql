-- False while a deletion of the tenant's rows still runs, so that it is not started again.
SELECT count() > 0
FROM rejected_events
WHERE client_id = {client_id:String}
    AND received_at < fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
    AND 0 = (
        SELECT count()
        FROM system.mutations
        WHERE database = currentDatabase()
            AND table = 'rejected_events'
            AND NOT is_done
            AND position(command, concat('client_id = \'', {client_id:String}, '\'')) > 0
    )
