-- False in shared tables that no tenant is placed in: they may not have been migrated since rollups are kept.
SELECT count() = 2
FROM system.tables
WHERE database = {database:String} AND name IN ('kept_rollups', 'kept_days')
