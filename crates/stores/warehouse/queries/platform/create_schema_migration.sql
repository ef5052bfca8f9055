CREATE TABLE IF NOT EXISTS schema_migration
(
    version    UInt32,
    checksum   String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY version
