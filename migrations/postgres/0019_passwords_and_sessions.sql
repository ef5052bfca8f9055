-- A person's password and sessions: what ends them, and who sees them.

-- A session is its tenant's, whose owners list and end it; null for a platform admin's.
ALTER TABLE refresh_family ADD COLUMN client_id slug REFERENCES tenant;

-- Row-level security hides every tenant's rows from a migration too.
SET LOCAL footfall.platform = 'on';
UPDATE refresh_family SET client_id = app_user.client_id
FROM app_user WHERE app_user.user_id = refresh_family.user_id;

CREATE FUNCTION name_tenant_of_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT client_id INTO NEW.client_id FROM app_user WHERE user_id = NEW.user_id;
    RETURN NEW;
END $$;
CREATE TRIGGER name_tenant_of_session BEFORE INSERT ON refresh_family
    FOR EACH ROW EXECUTE FUNCTION name_tenant_of_session();

DROP POLICY platform_only ON refresh_family;
CREATE POLICY own_rows ON refresh_family USING (is_reachable(client_id));
-- A list of sessions tells when their tokens expire.
DROP POLICY platform_only ON refresh_token;
CREATE POLICY own_rows ON refresh_token USING (
    is_platform()
    OR EXISTS (
        SELECT FROM refresh_family AS family
        WHERE family.family_id = refresh_token.family_id AND is_reachable(family.client_id)
    )
);

ALTER TABLE refresh_family
    -- After this no refresh continues it. Rows of an earlier build get the usual time.
    ADD COLUMN ends_at timestamptz NOT NULL DEFAULT now() + interval '90 days',
    ADD COLUMN last_used_at timestamptz,
    -- Where it began, so that its user recognises it.
    ADD COLUMN address text,
    ADD COLUMN user_agent text CHECK (char_length(user_agent) <= 200),
    ADD COLUMN end_reason text CHECK (end_reason IN
        ('logged_out', 'ended', 'password_changed', 'user_disabled', 'token_reused'));

-- The next refresh token of a spent one, sealed with the spent one itself: a repeated refresh gets the
-- same answer, and nobody who only has the table can open it.
ALTER TABLE refresh_token
    ADD COLUMN successor_sealed bytea,
    ADD COLUMN successor_hash   bytea CHECK (octet_length(successor_hash) = 32);

-- Another password invalidates the tokens that were issued under the one before.
DROP TRIGGER revoke_tokens_of_changed_user ON app_user;
CREATE TRIGGER revoke_tokens_of_changed_user
    BEFORE UPDATE OF role, advertiser_id, disabled, password_hash ON app_user
    FOR EACH ROW
    WHEN ((OLD.role, OLD.advertiser_id, OLD.disabled)
              IS DISTINCT FROM (NEW.role, NEW.advertiser_id, NEW.disabled)
          OR OLD.password_hash IS NOT NULL
              AND OLD.password_hash IS DISTINCT FROM NEW.password_hash)
    EXECUTE FUNCTION revoke_tokens_of_changed_user();

-- A user who is enabled again, or has another password, begins new sessions.
CREATE FUNCTION end_sessions_of_changed_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE refresh_family
    SET revoked_at = now(),
        end_reason = CASE WHEN NEW.disabled THEN 'user_disabled' ELSE 'password_changed' END
    WHERE user_id = NEW.user_id AND revoked_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER end_sessions_of_changed_user AFTER UPDATE OF disabled, password_hash ON app_user
    FOR EACH ROW
    WHEN (NEW.disabled AND NOT OLD.disabled
          OR OLD.password_hash IS NOT NULL
              AND OLD.password_hash IS DISTINCT FROM NEW.password_hash)
    EXECUTE FUNCTION end_sessions_of_changed_user();

-- The access tokens of an ended session are refused too: caches of users in every process listen.
CREATE FUNCTION tell_session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('footfall_user_changed', NEW.user_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_session_ended AFTER UPDATE OF revoked_at ON refresh_family
    FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
    EXECUTE FUNCTION tell_session_ended();

-- A reset gives a user who had a password a token of the same kind as the one that let the user join.
-- Its user stays when it is replaced or expires.
ALTER TABLE invitation ADD COLUMN purpose text NOT NULL DEFAULT 'join'
    CHECK (purpose IN ('join', 'reset'));
