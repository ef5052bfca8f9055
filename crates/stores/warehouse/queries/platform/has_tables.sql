SELECT count() = 2
FROM system.tables
WHERE database = {database:String} AND name IN ('events', 'rejected_events')
