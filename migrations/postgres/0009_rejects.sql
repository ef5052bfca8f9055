-- Rejected events that were put into the log after all: each event id once.

CREATE TABLE replay (
    client_id   slug NOT NULL REFERENCES tenant,
    -- What the reject is called as an event, however often and however mended it is sent.
    event_id    uuid NOT NULL,
    -- Before it was published for the first time. For a day from then on, publishing it again does
    -- no harm: the copies in the log are told by their id. Later it is published only if the
    -- warehouse does not have it.
    reserved_at timestamptz NOT NULL,
    -- Null until the log is known to have it.
    replayed_at timestamptz,
    PRIMARY KEY (client_id, event_id)
);

ALTER TABLE replay ENABLE ROW LEVEL SECURITY;
ALTER TABLE replay FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON replay USING (is_reachable(client_id));
