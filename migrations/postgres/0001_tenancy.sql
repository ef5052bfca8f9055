-- Tenants, where their rows live, and the walls between them.

-- The same shape `tenancy` parses: checked again here, since names become database names and keys.
CREATE DOMAIN slug AS text CHECK (VALUE ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$');

-- The second wall. Every transaction says for whom it works (`footfall.client_id`) or that it is
-- the platform's own (`footfall.platform`); one that says neither sees no row at all, so a query
-- that forgot its WHERE clause shows a tenant only what is the tenant's.
CREATE FUNCTION is_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('footfall.platform', true), '') = 'on';

CREATE FUNCTION is_reachable(client_id text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN client_id = current_setting('footfall.client_id', true) OR is_platform();

-- A ClickHouse server or cluster. Passwords are sealed before they get here.
CREATE TABLE cluster (
    name                   slug PRIMARY KEY,
    url                    text NOT NULL,
    writer_user            text NOT NULL,
    writer_password_sealed bytea NOT NULL,
    reader_user            text NOT NULL,
    reader_password_sealed bytea NOT NULL,
    registered_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tenant (
    client_id          slug PRIMARY KEY,
    name               text NOT NULL CHECK (name <> ''),
    state              text NOT NULL CHECK (state IN ('provisioning', 'active', 'suspended')),
    events_per_second  bigint NOT NULL CHECK (events_per_second > 0),
    concurrent_queries integer NOT NULL CHECK (concurrent_queries BETWEEN 1 AND 65535),
    live_streams       integer NOT NULL CHECK (live_streams BETWEEN 0 AND 65535),
    partition_spread   integer NOT NULL CHECK (partition_spread BETWEEN 1 AND 65535),
    retention_days     bigint NOT NULL CHECK (retention_days > 0),
    time_zone          text NOT NULL,
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Tokens issued under an older version are refused.
    token_version      integer NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL DEFAULT now()
);

-- Every routing decision there ever was; the highest version is in force. Old ones stay, because
-- a batch pins the version it was planned on.
CREATE TABLE placement (
    client_id     slug NOT NULL REFERENCES tenant,
    route_version integer NOT NULL CHECK (route_version > 0),
    isolation     text NOT NULL CHECK (isolation IN ('shared', 'schema', 'dedicated')),
    cluster       slug NOT NULL REFERENCES cluster,
    since         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, route_version)
);
CREATE INDEX placement_by_cluster ON placement (cluster);

-- FORCE: the application owns the tables, and owners pass by policies otherwise.
ALTER TABLE cluster ENABLE ROW LEVEL SECURITY;
ALTER TABLE cluster FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON cluster USING (is_platform());

ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON tenant USING (is_reachable(client_id));

ALTER TABLE placement ENABLE ROW LEVEL SECURITY;
ALTER TABLE placement FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON placement USING (is_reachable(client_id));

-- A suspended tenant's tokens die with the state, whoever writes it.
CREATE FUNCTION revoke_tokens_of_suspended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'suspended' AND OLD.state <> 'suspended' THEN
        NEW.token_version := OLD.token_version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER revoke_tokens_of_suspended BEFORE UPDATE OF state ON tenant
    FOR EACH ROW EXECUTE FUNCTION revoke_tokens_of_suspended();

-- Caches of tenants in every process listen to this.
CREATE FUNCTION tell_tenant_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('footfall_tenant_changed', NEW.client_id);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_tenant_changed AFTER INSERT OR UPDATE ON tenant
    FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
CREATE TRIGGER tell_tenant_changed AFTER INSERT OR UPDATE ON placement
    FOR EACH ROW EXECUTE FUNCTION tell_tenant_changed();
