-- Events that were refused, as they were sent, until their tenant mends them or they expire.
-- A row may be written again after a crash: its key is made of where it stands in the log, so that
-- the copies are one when read with FINAL.
CREATE TABLE IF NOT EXISTS rejected_events
(
    client_id   LowCardinality(String),
    -- When the collector took it in. The id begins with the same time.
    received_at DateTime64(3, 'UTC'),
    reject_id   UUID,

    code        LowCardinality(String),
    -- Where in the event, as a JSON pointer, and what would be right.
    pointer     String,
    reason      String,
    -- The id it was sent with, if that could be read.
    event_id    Nullable(UUID),
    -- The bytes that were sent.
    original    String CODEC(ZSTD(1)),

    -- What else the collector knew, for a second reading: when the request says it was sent, and
    -- whether its key brings history.
    sent_at     Nullable(DateTime64(3, 'UTC')),
    history     Bool,
    -- Whether it was accepted, stands in the log of events, and was set aside by a sink.
    set_aside   Bool,

    -- Where it stands: generation, partition and offset, of the log of rejects, or of the log of
    -- events for what was set aside there.
    kgen        UInt16,
    kpart       UInt16,
    koff        UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (client_id, received_at, reject_id)
