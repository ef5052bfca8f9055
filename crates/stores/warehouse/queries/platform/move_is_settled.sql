-- The query id of a copy is its token.
SELECT
    0 = (SELECT count() FROM system.processes WHERE startsWith(query_id, {names:String}))
    AND 0 = (
        SELECT count()
        FROM system.mutations
        WHERE database = {database:String}
            AND table = 'events'
            AND NOT is_done
            AND position(command, concat('client_id = \'', {client_id:String}, '\'')) > 0
    )
