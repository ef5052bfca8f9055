-- From where an action came, and a chain of hashes: whoever changes, removes or inserts a row of the audit
-- log, also past its trigger, breaks the chain.

ALTER TABLE audit_log
    -- The network address of the client; null for the command line and the platform's own work.
    ADD COLUMN address    text,
    -- The request, as its answer and its log lines name it.
    ADD COLUMN request_id text;

-- A link for each row of the audit log, in the order in which their transactions ended.
CREATE TABLE audit_chain (
    -- From 1, without a gap.
    number   bigint PRIMARY KEY CHECK (number > 0),
    audit_id bigint NOT NULL UNIQUE,
    -- SHA-256 of the previous hash and of the row, as `audit_hash` joins them.
    hash     bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- A text with its length before it, so that no two rows have the same bytes.
CREATE FUNCTION audit_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN value IS NULL THEN '\xffffffff'::bytea
    ELSE int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8')
END;

-- `footfall audit-log verify` computes the same by itself.
CREATE FUNCTION audit_hash(previous bytea, number bigint, entry audit_log) RETURNS bytea
LANGUAGE sql STABLE
RETURN sha256(
    previous
    || int8send(number)
    || int8send((entry).audit_id)
    || int8send((extract(epoch FROM (entry).at) * 1000000)::bigint)
    || audit_field((entry).actor)
    || audit_field((entry).action)
    || audit_field((entry).client_id::text)
    || audit_field((entry).subject)
    || audit_field((entry).detail::text)
    || audit_field((entry).address)
    || audit_field((entry).request_id)
);

-- At the end of a transaction, so that one that waits for another has no link yet, and none waits for
-- longer than a commit takes.
CREATE FUNCTION chain_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tail audit_chain;
    link bigint;
BEGIN
    -- One transaction at a time, until its link is visible. Other numbers lock reconciliations, claims of
    -- report jobs and erasures.
    PERFORM pg_advisory_xact_lock(11);
    SELECT * INTO tail FROM audit_chain ORDER BY number DESC LIMIT 1;
    link := coalesce(tail.number, 0) + 1;
    INSERT INTO audit_chain (number, audit_id, hash)
    VALUES (link, NEW.audit_id, audit_hash(coalesce(tail.hash, ''::bytea), link, NEW));
    RETURN NULL;
END $$;

-- The rows until now. Without the platform's setting, none is visible.
SELECT set_config('footfall.platform', 'on', true);
DO $$
DECLARE
    entry audit_log;
    previous bytea := '';
    link bigint := 0;
BEGIN
    FOR entry IN SELECT * FROM audit_log ORDER BY audit_id LOOP
        link := link + 1;
        previous := audit_hash(previous, link, entry);
        INSERT INTO audit_chain (number, audit_id, hash) VALUES (link, entry.audit_id, previous);
    END LOOP;
END $$;

CREATE CONSTRAINT TRIGGER chain_audit_entry AFTER INSERT ON audit_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_audit_entry();
