-- A table without a tenant. The reader gets an answer only if neither a grant nor a row policy confines it.
SELECT count() FROM schema_migration
