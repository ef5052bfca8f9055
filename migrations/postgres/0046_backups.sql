-- The latest copy of each store that a backup has made, so that the processors can tell how old it is. The previous
-- build writes none.
CREATE TABLE backup (
    store     text PRIMARY KEY CHECK (store IN ('postgres', 'clickhouse', 'archive')),
    -- The backup that the copy belongs to.
    name      text NOT NULL,
    -- Everything before this time is in the copy.
    copied_at timestamptz NOT NULL
);
