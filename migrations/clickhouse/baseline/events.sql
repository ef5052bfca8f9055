-- The table that the files up to 0013 leave, for a database that has none yet.
--
-- What happened, one row per product of an event, a single one where there is none.
-- Line 0 (kline = 0) carries what belongs to the event as a whole (cost, revenue, sales), so that a
-- sum over rows counts it once. '' and 0 stand for what was not sent.
CREATE TABLE events
(
    client_id       LowCardinality(String),
    event_type      LowCardinality(String),
    campaign_id     LowCardinality(String),
    -- The least and the latest time of the events in each part. Partitions are days of the log, so without these a
    -- question about a day of events opens the rollups of every day that is stored.
    event_time      DateTime64(3, 'UTC') STATISTICS(minmax),
    event_id        UUID,

    -- Where the row comes from: generation, partition and offset of the log, and the line of the
    -- event. No two rows share them, and take-over, audit and tenant moves find rows by them.
    kgen            UInt16,
    kpart           UInt16,
    koff            UInt64 CODEC(Delta, LZ4),
    kline           UInt8,

    -- When the log took it in. Days of this time, not of the event's, are the partitions, so a late
    -- event never opens an old one.
    received_at     DateTime64(3, 'UTC'),
    -- When the collector took it in.
    collected_at    DateTime64(3, 'UTC'),
    -- The time as sent, where event_time was corrected.
    event_time_sent Nullable(DateTime64(3, 'UTC')),

    visitor_id      String,
    session_id      String,
    customer_id     String,

    ad_id           LowCardinality(String),
    creative_id     LowCardinality(String),
    placement       LowCardinality(String),
    page_type       LowCardinality(String),
    keyword         String,
    -- Whether an impression was viewable. Where nobody knows, and in other events, there is no value.
    viewable        Nullable(Bool),

    product_id      String,
    -- The product of which the row's own is a variant.
    parent_sku      String,
    brand           LowCardinality(String),
    category        LowCardinality(String),
    -- Goods are sold by weight, too.
    quantity        Decimal(18, 3),
    price           Decimal(18, 6),
    line_total      Decimal(18, 6),

    order_id        String,
    currency        LowCardinality(String),
    cost            Decimal(18, 6),
    revenue         Decimal(18, 6),
    sales           Decimal(18, 6),

    url             String CODEC(ZSTD(1)),
    referrer        String CODEC(ZSTD(1)),
    referrer_host   LowCardinality(String) MATERIALIZED domainWithoutWWW(referrer),
    user_agent      String CODEC(ZSTD(1)),
    device          LowCardinality(String),
    country         LowCardinality(String),
    properties      String CODEC(ZSTD(1)),

    INDEX koff koff TYPE minmax GRANULARITY 1,

    -- Rollups live in the same part as their rows, so they are exact whenever the rows are. All
    -- stand on quarter hours of UTC: whole hours and days of every time zone are made of those.
    PROJECTION campaign_quarters
    (
        SELECT
            client_id,
            campaign_id,
            toStartOfFifteenMinutes(event_time),
            event_type,
            currency,
            countIf(kline = 0),
            sum(quantity),
            sum(cost),
            sum(sales),
            max(event_time)
        GROUP BY client_id, campaign_id, toStartOfFifteenMinutes(event_time), event_type, currency
    ),
    PROJECTION product_quarters
    (
        SELECT
            client_id,
            product_id,
            toStartOfFifteenMinutes(event_time),
            event_type,
            currency,
            count(),
            sum(quantity),
            sum(line_total)
        GROUP BY client_id, product_id, toStartOfFifteenMinutes(event_time), event_type, currency
    ),
    PROJECTION source_quarters
    (
        SELECT
            client_id,
            toStartOfFifteenMinutes(event_time),
            referrer_host,
            device,
            country,
            event_type,
            currency,
            countIf(kline = 0),
            sum(quantity),
            sum(cost),
            sum(sales)
        GROUP BY
            client_id, toStartOfFifteenMinutes(event_time), referrer_host, device, country, event_type, currency
    )
)
ENGINE = MergeTree
PARTITION BY toDate(received_at)
ORDER BY (client_id, event_type, campaign_id, event_time)
SETTINGS
    non_replicated_deduplication_window = 100000,
    -- By default, merges also estimate how many values each column has. That is for choosing the order of joins.
    auto_statistics_types = ''
