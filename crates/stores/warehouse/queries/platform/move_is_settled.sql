-- The query id of a copy is its token.
SELECT count() = 0
FROM
(
    SELECT query_id
    FROM system.processes
    WHERE startsWith(query_id, {names:String})
    UNION ALL
    SELECT mutation_id
    FROM system.mutations
    WHERE database = {database:String}
        AND table IN ('events', 'kept_rollups', 'kept_days')
        AND NOT is_done
        AND position(command, concat('client_id = \'', {client_id:String}, '\'')) > 0
)
