-- Revocation for one person, and invitations in place of passwords that somebody else knows.

-- A user's own version, which tokens carry beside their tenant's: disabling one person, or giving one
-- another role, logs out that one only. Until now it was a platform admin's alone, so every user of a
-- tenant has the first one, which is what a token made before counts as.
CREATE OR REPLACE FUNCTION revoke_tokens_of_changed_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.token_version := OLD.token_version + 1;
    RETURN NEW;
END $$;
COMMENT ON COLUMN app_user.token_version IS 'Tokens issued to the user under an older version are refused.';

-- Caches of versions in every process listen to this.
CREATE FUNCTION tell_user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('footfall_user_changed', OLD.user_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_user_changed AFTER UPDATE OR DELETE ON app_user
    FOR EACH ROW EXECUTE FUNCTION tell_user_changed();

-- What somebody who has no password yet may set one with, once. Whoever accepts, spends it; a new one
-- takes the place of the one before.
CREATE TABLE invitation (
    user_id    uuid PRIMARY KEY REFERENCES app_user ON DELETE CASCADE,
    client_id  slug NOT NULL REFERENCES tenant,
    -- SHA-256 is enough: the token is random, not chosen by a person.
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL
);

ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON invitation USING (is_reachable(client_id));
