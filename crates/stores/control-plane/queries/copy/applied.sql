SELECT version, encode(checksum, 'hex') FROM _sqlx_migrations WHERE success ORDER BY version
