-- Sums of a tenant's rows that have expired, by the day on which the log received them. Only the sums of the
-- attempt that `kept_days` names for a day count. A rollup has the columns of one projection of the events table
-- under the same names, and '' in those of the others, so that reports read both by the same expressions. Rows are
-- deleted after their sums are here, so an insert is durable when it returns.
CREATE TABLE IF NOT EXISTS kept_rollups
(
    client_id     LowCardinality(String),
    -- campaign, product or source.
    rollup        LowCardinality(String),
    received_on   Date,
    attempt       UUID,

    campaign_id   LowCardinality(String),
    product_id    String,
    referrer_host LowCardinality(String),
    device        LowCardinality(String),
    country       LowCardinality(String),
    -- The start of a quarter hour.
    event_time    DateTime('UTC'),
    event_type    LowCardinality(String),
    currency      LowCardinality(String),

    -- Of products, lines of events.
    events        UInt64,
    units         Decimal(38, 3),
    spent         Decimal(38, 6),
    earned        Decimal(38, 6)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_on)
ORDER BY (client_id, rollup, campaign_id, product_id, event_time)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
