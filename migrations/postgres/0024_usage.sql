-- What a tenant used, by local day, as far as no rows tell: events are counted in ClickHouse.

CREATE TABLE usage_count (
    client_id           slug NOT NULL REFERENCES tenant,
    -- As the tenant's clock read when it was counted.
    day                 date NOT NULL,
    -- Reports and exports that ran in ClickHouse; an answer from a cache is none.
    reports             bigint NOT NULL DEFAULT 0 CHECK (reports >= 0),
    -- How long live streams were open, all of them together.
    stream_milliseconds bigint NOT NULL DEFAULT 0 CHECK (stream_milliseconds >= 0),
    PRIMARY KEY (client_id, day)
);

ALTER TABLE usage_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_count FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON usage_count USING (is_reachable(client_id));
