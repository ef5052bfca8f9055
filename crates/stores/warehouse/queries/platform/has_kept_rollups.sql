-- False where no migration came by since rollups are kept: shared tables that no tenant has been placed in since.
SELECT count() = 2
FROM system.tables
WHERE database = {database:String} AND name IN ('kept_rollups', 'kept_days')
