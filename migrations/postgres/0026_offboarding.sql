-- The end of a tenant: a grace period in which it can be resumed, then the erasure in steps, then a receipt.

-- Why a tenant was suspended when its offboarding began; null if it was active, and in every other state. It reads
-- nothing, as before, and is suspended again when it is resumed.
ALTER TABLE tenant ADD COLUMN suspended_for text CHECK (char_length(suspended_for) BETWEEN 1 AND 500);

CREATE TABLE offboarding (
    -- No reference: it outlives the tenant.
    client_id      slug PRIMARY KEY,
    reason         text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
    begun_by       text NOT NULL,
    begun_at       timestamptz NOT NULL DEFAULT now(),
    -- Until then the tenant can be resumed.
    grace_ends_at  timestamptz NOT NULL CHECK (grace_ends_at >= begun_at),
    erasing_since  timestamptz,
    -- What was erased where, as JSON; the hash is of exactly this text.
    receipt        text,
    receipt_sha256 bytea CHECK (octet_length(receipt_sha256) = 32),
    erased_at      timestamptz,
    CHECK ((erased_at IS NULL) = (receipt IS NULL)),
    CHECK ((erased_at IS NULL) = (receipt_sha256 IS NULL)),
    CHECK (erased_at IS NULL OR erasing_since IS NOT NULL)
);

-- A step of an erasure that has begun. After a crash, the next process continues with the first step that
-- has not finished.
CREATE TABLE offboarding_step (
    client_id   slug NOT NULL REFERENCES offboarding ON DELETE CASCADE,
    step        text NOT NULL
        CHECK (step IN ('clickhouse', 'redis', 'report_files', 'archive', 'postgres')),
    started_at  timestamptz NOT NULL DEFAULT now(),
    -- How much was found and erased so far.
    counts      jsonb NOT NULL DEFAULT '{}',
    finished_at timestamptz,
    PRIMARY KEY (client_id, step)
);

ALTER TABLE offboarding ENABLE ROW LEVEL SECURITY;
ALTER TABLE offboarding FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON offboarding USING (is_platform());

ALTER TABLE offboarding_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE offboarding_step FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON offboarding_step USING (is_platform());

-- The id of an erased tenant is never used again: what Kafka and backups still hold under it would belong
-- to somebody else.
CREATE FUNCTION refuse_the_id_of_an_erased_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM offboarding WHERE client_id = NEW.client_id AND erasing_since IS NOT NULL) THEN
        RAISE EXCEPTION 'the id is that of an erased tenant'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'tenant_id_is_used_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_the_id_of_an_erased_tenant BEFORE INSERT ON tenant
    FOR EACH ROW EXECUTE FUNCTION refuse_the_id_of_an_erased_tenant();

-- Deletes rows of a tenant in every table that refers to it, also in tables that later migrations add, and the
-- tenant once none is left. At most `most` rows of a table are deleted at once: whoever calls repeats it until
-- the answer names `tenant`. Returns how many rows of each table were deleted.
CREATE FUNCTION erase_tenant(erased text, most bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    counts  jsonb := '{}';
    pending oid[];
    picked  oid;
    deleted bigint;
BEGIN
    SELECT array_agg(DISTINCT conrelid) INTO pending
    FROM pg_constraint
    WHERE contype = 'f' AND confrelid = 'tenant'::regclass;
    WHILE cardinality(pending) > 0 LOOP
        -- No other table refers to it, so that no row is deleted with that of another, uncounted.
        SELECT candidate INTO picked
        FROM unnest(pending) AS candidate
        WHERE NOT EXISTS (
            SELECT FROM pg_constraint
            WHERE contype = 'f' AND confrelid = candidate AND conrelid <> candidate
                AND conrelid = ANY(pending)
        )
        LIMIT 1;
        IF picked IS NULL THEN
            RAISE EXCEPTION 'these tables refer to each other: %', pending::regclass[];
        END IF;
        EXECUTE format(
            'DELETE FROM %1$s WHERE ctid = ANY(ARRAY(SELECT ctid FROM %1$s WHERE client_id = $1 LIMIT $2))',
            picked::regclass
        ) USING erased, most;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        IF deleted > 0 THEN
            counts := counts || jsonb_build_object(picked::regclass::text, deleted);
        END IF;
        IF deleted = most THEN
            RETURN counts;
        END IF;
        pending := array_remove(pending, picked);
    END LOOP;
    DELETE FROM tenant WHERE client_id = erased;
    RETURN counts || jsonb_build_object('tenant', 1);
END $$;
