-- The keys with which the archive is encrypted: one of each tenant, made when something of it is archived first, and
-- one of the platform, for what is of no known tenant. The previous build writes in clear, and makes none.
CREATE TABLE data_key (
    -- Without a value it is the platform's. The row of a tenant goes with the tenant, and so does what it has encrypted.
    client_id slug REFERENCES tenant,
    -- Sealed for this row.
    sealed    bytea NOT NULL
);
-- The platform has no slug.
CREATE UNIQUE INDEX data_key_by_owner ON data_key ((coalesce(client_id::text, '-')));

ALTER TABLE data_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON data_key USING (is_reachable(client_id));
