-- Properties of events that a tenant has declared as dimensions of its reports.

CREATE TABLE declared_dimension (
    client_id slug NOT NULL REFERENCES tenant,
    name      text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    -- A JSON pointer into the event.
    pointer   text NOT NULL CHECK (pointer LIKE '/properties/_%' AND octet_length(pointer) <= 500),
    kind      text NOT NULL CHECK (kind IN ('string', 'integer', 'boolean')),
    PRIMARY KEY (client_id, name)
);

ALTER TABLE declared_dimension ENABLE ROW LEVEL SECURITY;
ALTER TABLE declared_dimension FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON declared_dimension USING (is_reachable(client_id));
