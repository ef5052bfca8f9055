-- How often stored events of a finished time have changed, by tenant. What was read from ClickHouse under one
-- version is not used under a later one. A tenant without a row has version 0.
CREATE TABLE data_version (
    client_id slug PRIMARY KEY REFERENCES tenant,
    version   bigint NOT NULL CHECK (version > 0)
);

ALTER TABLE data_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON data_version USING (is_reachable(client_id));
