-- Moves of tenants between tiers and clusters. See docs/adr/0051.

-- Where new rows go as well, while the tenant is moved. Reads go to the placement itself, never to its mirror.
ALTER TABLE placement
    ADD COLUMN mirror_isolation text CHECK (mirror_isolation IN ('shared', 'schema', 'dedicated')),
    ADD COLUMN mirror_cluster slug REFERENCES cluster,
    ADD CONSTRAINT placement_mirror_check CHECK ((mirror_isolation IS NULL) = (mirror_cluster IS NULL));

-- The route version of each tenant, as the ledger compares it with the plans: without row policies, as all of the
-- ledger. The trigger keeps it equal to the highest version in `placement`.
CREATE TABLE tenant_route (
    client_id     slug PRIMARY KEY REFERENCES tenant,
    route_version integer NOT NULL CHECK (route_version > 0)
);
SELECT set_config('footfall.platform', 'on', true);
INSERT INTO tenant_route (client_id, route_version)
SELECT client_id, max(route_version) FROM placement GROUP BY client_id;

CREATE FUNCTION follow_placement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tenant_route (client_id, route_version) VALUES (NEW.client_id, NEW.route_version)
    ON CONFLICT (client_id)
        DO UPDATE SET route_version = greatest(tenant_route.route_version, excluded.route_version);
    RETURN NULL;
END $$;
CREATE TRIGGER follow_placement AFTER INSERT ON placement
    FOR EACH ROW EXECUTE FUNCTION follow_placement();

-- How many rows of each tenant a batch has, in each of the destinations of that tenant. Batches of earlier builds do
-- not tell.
ALTER TABLE batch ADD COLUMN tenant_rows jsonb NOT NULL DEFAULT '{}';

CREATE TABLE tenant_move (
    move_id        uuid PRIMARY KEY,
    client_id      slug NOT NULL REFERENCES tenant,
    from_isolation text NOT NULL CHECK (from_isolation IN ('shared', 'schema', 'dedicated')),
    from_cluster   slug NOT NULL REFERENCES cluster,
    -- The route version when the move began.
    from_version   integer NOT NULL CHECK (from_version > 0),
    to_isolation   text NOT NULL CHECK (to_isolation IN ('shared', 'schema', 'dedicated')),
    to_cluster     slug NOT NULL REFERENCES cluster,
    -- Which steps come next: to the target, or back.
    way            text NOT NULL DEFAULT 'forward' CHECK (way IN ('forward', 'back')),
    -- Why it goes back; null while it does not.
    back_reason    text CHECK (char_length(back_reason) BETWEEN 1 AND 500),
    begun_by       text NOT NULL,
    begun_at       timestamptz NOT NULL DEFAULT now(),
    ended_at       timestamptz,
    CHECK ((way = 'back') = (back_reason IS NOT NULL))
);
-- A tenant is moved to one place at a time.
CREATE UNIQUE INDEX tenant_move_under_way ON tenant_move (client_id) WHERE ended_at IS NULL;
CREATE INDEX tenant_move_by_tenant ON tenant_move (client_id, begun_at DESC);

-- A step that has begun. After a crash, the next process continues with the first step that has not finished.
CREATE TABLE tenant_move_step (
    move_id     uuid NOT NULL REFERENCES tenant_move ON DELETE CASCADE,
    step        text NOT NULL CHECK (step IN (
        'prepare', 'cut', 'copy', 'catch_up', 'verify', 'flip', 'verify_again', 'clean',
        'flip_back', 'uncut', 'remove'
    )),
    started_at  timestamptz NOT NULL DEFAULT now(),
    -- How far it is.
    counts      jsonb NOT NULL DEFAULT '{}',
    -- Of a step that changes the route: the first offset of each partition that is planned on the new one.
    places      jsonb NOT NULL DEFAULT '[]',
    finished_at timestamptz,
    PRIMARY KEY (move_id, step)
);

ALTER TABLE tenant_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_move FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON tenant_move USING (is_platform());

ALTER TABLE tenant_move_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_move_step FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON tenant_move_step USING (is_platform());
