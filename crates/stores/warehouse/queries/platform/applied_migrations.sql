-- Two processes may record the same file at once; the first record counts.
SELECT version, argMin(checksum, applied_at)
FROM schema_migration
GROUP BY version
ORDER BY version
