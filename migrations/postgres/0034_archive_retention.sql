-- Up to when the records of a tenant are erased in the archive, because they are older than its retention.
CREATE TABLE archive_retention (
    client_id    slug PRIMARY KEY REFERENCES tenant,
    -- Objects whose last record was logged before this have none of the tenant.
    erased_until timestamptz NOT NULL
);

ALTER TABLE archive_retention ENABLE ROW LEVEL SECURITY;
ALTER TABLE archive_retention FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON archive_retention USING (is_reachable(client_id));
