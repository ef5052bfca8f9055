-- Events over a quota that their tenant has parked: what is left of them in their log, and what was ordered about them.

-- How far the log of parked events is counted. Another topic of the same name has another id, and offsets of its own.
CREATE TABLE parked_log (
    topic_id    text NOT NULL,
    partition   integer NOT NULL CHECK (partition >= 0),
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    PRIMARY KEY (topic_id, partition)
);

-- What is still parked of one hour in which the log received events, by the clock of the broker. The records lie between
-- the two offsets, among those of other tenants and hours. A row without events is deleted.
CREATE TABLE parked_hour (
    client_id    slug NOT NULL REFERENCES tenant,
    topic_id     text NOT NULL,
    partition    integer NOT NULL CHECK (partition >= 0),
    hour         timestamptz NOT NULL,
    events       bigint NOT NULL CHECK (events > 0),
    bytes        bigint NOT NULL CHECK (bytes >= 0),
    first_offset bigint NOT NULL CHECK (first_offset >= 0),
    next_offset  bigint NOT NULL CHECK (next_offset > first_offset),
    PRIMARY KEY (client_id, topic_id, partition, hour)
);
CREATE INDEX parked_hour_by_hour ON parked_hour (hour);

-- An order to release or erase what is parked.
CREATE TABLE parked_order (
    client_id   slug NOT NULL REFERENCES tenant,
    order_id    uuid NOT NULL,
    action      text NOT NULL CHECK (action IN ('release', 'erase')),
    -- What the log received before this; without a value all that is there when the order is carried out.
    before      timestamptz,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL,
    -- How much was released or erased so far.
    events      bigint NOT NULL DEFAULT 0,
    bytes       bigint NOT NULL DEFAULT 0,
    finished_at timestamptz,
    PRIMARY KEY (client_id, order_id)
);
-- A tenant has one order at a time.
CREATE UNIQUE INDEX parked_order_to_do ON parked_order (client_id) WHERE finished_at IS NULL;

ALTER TABLE parked_hour ENABLE ROW LEVEL SECURITY;
ALTER TABLE parked_hour FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON parked_hour USING (is_reachable(client_id));

ALTER TABLE parked_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE parked_order FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON parked_order USING (is_reachable(client_id));
