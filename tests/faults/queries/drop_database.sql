-- Drops a tenant's own database after its run.
DROP DATABASE IF EXISTS {database:Identifier} SYNC
