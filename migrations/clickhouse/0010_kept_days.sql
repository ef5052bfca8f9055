-- Days of the log of which a tenant's rollups are kept, each with the attempt whose sums count. If two attempts kept
-- a day, the earlier one counts: rows are deleted after the first.
CREATE TABLE IF NOT EXISTS kept_days
(
    client_id   LowCardinality(String),
    received_on Date,
    attempt     UUID,
    kept_at     DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (client_id, received_on)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
