-- Each admin and security action. Rows are added, never changed.

CREATE TABLE audit_log (
    audit_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    -- `user:<id>`, `key:<id>` or `cli`.
    actor     text NOT NULL,
    -- What was done, such as `tenant.create`.
    action    text NOT NULL,
    -- The tenant it was done to; null for the platform's own. No foreign key: the log outlives it.
    client_id slug,
    -- What it was done to, such as a key's id. Never a secret.
    subject   text NOT NULL,
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_by_tenant ON audit_log (client_id, audit_id);

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON audit_log USING (is_reachable(client_id));

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
