-- People, keys and the tokens they hold. Nothing here can be turned back into a credential.

-- `user` is a reserved word.
CREATE TABLE app_user (
    user_id       uuid PRIMARY KEY,
    -- Unique across tenants: a login is an email and a password, it names no tenant.
    email         text NOT NULL UNIQUE CHECK (email = lower(email)),
    -- Argon2id, as a PHC string; null until a password is set.
    password_hash text,
    role          text NOT NULL CHECK (role IN ('platform_admin', 'owner', 'analyst', 'advertiser')),
    client_id     slug REFERENCES tenant,
    advertiser_id slug,
    disabled      boolean NOT NULL DEFAULT false,
    -- Of a platform admin's tokens; a tenant's users follow their tenant's.
    token_version integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((client_id IS NULL) = (role = 'platform_admin')),
    CHECK ((advertiser_id IS NOT NULL) = (role = 'advertiser')),
    FOREIGN KEY (client_id, advertiser_id) REFERENCES advertiser
);
CREATE INDEX app_user_by_tenant ON app_user (client_id, email);

CREATE TABLE api_key (
    -- The public part of `ff_<kind>_<key_id>_<secret>`.
    key_id      text PRIMARY KEY,
    client_id   slug NOT NULL REFERENCES tenant,
    kind        text NOT NULL CHECK (kind IN ('collect', 'import', 'read')),
    name        text NOT NULL CHECK (name <> ''),
    -- SHA-256 is enough: the secret is random, not chosen by a person.
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    -- What a `read` key is limited to; null for the whole tenant.
    campaigns   text[] CHECK (campaigns IS NULL OR kind = 'read'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    revoked_at  timestamptz
);
-- Names tell a tenant's living keys apart, so that onboarding twice makes no second key.
CREATE UNIQUE INDEX api_key_by_name ON api_key (client_id, name) WHERE revoked_at IS NULL;

-- Logins. A refresh token is used once; the next one joins its family.
CREATE TABLE refresh_family (
    family_id  uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE INDEX refresh_family_by_user ON refresh_family (user_id);

CREATE TABLE refresh_token (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    family_id  uuid NOT NULL REFERENCES refresh_family ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX refresh_token_by_family ON refresh_token (family_id);

-- The keys that sign access tokens, shared by every api process. The newest signs, the others
-- verify what they signed until they are removed.
CREATE TABLE signing_key (
    kid          text PRIMARY KEY,
    pkcs8_sealed bytea NOT NULL,
    created_at   timestamptz NOT NULL
);

ALTER TABLE app_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE app_user FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON app_user USING (is_reachable(client_id));

ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON api_key USING (is_reachable(client_id));

ALTER TABLE refresh_family ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_family FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON refresh_family USING (is_platform());

ALTER TABLE refresh_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_token FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON refresh_token USING (is_platform());

ALTER TABLE signing_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE signing_key FORCE ROW LEVEL SECURITY;
CREATE POLICY platform_only ON signing_key USING (is_platform());

-- Tokens carry the role: whoever loses one must not keep it until the token ends.
CREATE FUNCTION revoke_tokens_of_changed_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.client_id IS NULL THEN
        NEW.token_version := OLD.token_version + 1;
    ELSE
        UPDATE tenant SET token_version = token_version + 1 WHERE client_id = NEW.client_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER revoke_tokens_of_changed_user
    BEFORE UPDATE OF role, advertiser_id, disabled ON app_user
    FOR EACH ROW
    WHEN ((OLD.role, OLD.advertiser_id, OLD.disabled)
          IS DISTINCT FROM (NEW.role, NEW.advertiser_id, NEW.disabled))
    EXECUTE FUNCTION revoke_tokens_of_changed_user();

-- Caches of keys in every process listen to this.
CREATE FUNCTION tell_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('footfall_key_changed', NEW.key_id);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_key_changed AFTER INSERT OR UPDATE ON api_key
    FOR EACH ROW EXECUTE FUNCTION tell_key_changed();
