-- API keys that change, rotate, and say when they were last used.

ALTER TABLE api_key
    -- Tokens issued for the key under an older version are refused.
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    -- The secret before a rotation, which is valid a while longer.
    ADD COLUMN former_secret_hash bytea CHECK (octet_length(former_secret_hash) = 32),
    ADD COLUMN former_valid_until timestamptz,
    ADD COLUMN last_used_at timestamptz,
    ADD CHECK ((former_secret_hash IS NULL) = (former_valid_until IS NULL));

-- Tokens carry the campaigns: a key that may read fewer must not keep a token for more.
CREATE FUNCTION revoke_tokens_of_changed_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER revoke_tokens_of_changed_key BEFORE UPDATE OF campaigns ON api_key
    FOR EACH ROW WHEN (OLD.campaigns IS DISTINCT FROM NEW.campaigns)
    EXECUTE FUNCTION revoke_tokens_of_changed_key();

-- Caches need not know when a key was last used.
DROP TRIGGER tell_key_changed ON api_key;
CREATE TRIGGER tell_key_changed
    AFTER INSERT OR UPDATE OF name, kind, campaigns, secret_hash, former_secret_hash,
        former_valid_until, expires_at, revoked_at, version
    ON api_key FOR EACH ROW EXECUTE FUNCTION tell_key_changed();
