-- An address is unique within a tenant: nobody learns who is a customer elsewhere, and
-- nobody keeps another tenant from inviting a person.
ALTER TABLE app_user DROP CONSTRAINT app_user_email_key;
ALTER TABLE app_user ADD CONSTRAINT app_user_address UNIQUE NULLS NOT DISTINCT (email, client_id);

-- Whether owners log in only with a second factor.
ALTER TABLE tenant ADD COLUMN owners_need_second_factor boolean NOT NULL DEFAULT false;

-- Codes of an authenticator app (RFC 6238).
CREATE TABLE second_factor (
    user_id       uuid PRIMARY KEY REFERENCES app_user ON DELETE CASCADE,
    client_id     slug REFERENCES tenant,
    secret_sealed bytea NOT NULL,
    -- Null until the first code proves that the app has the secret.
    confirmed_at  timestamptz,
    -- The time step of the last code: a code counts once.
    last_step     bigint NOT NULL DEFAULT 0,
    -- Wrong codes since the last right one, and until when no other is tried. Here, and not in Redis: while
    -- that is unavailable, a million codes are few.
    failures      integer NOT NULL DEFAULT 0,
    locked_until  timestamptz
);

-- For a user who has lost the app. SHA-256 is enough: a code has 80 random bits.
CREATE TABLE recovery_code (
    user_id   uuid NOT NULL REFERENCES second_factor ON DELETE CASCADE,
    client_id slug REFERENCES tenant,
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    PRIMARY KEY (user_id, code_hash)
);

ALTER TABLE second_factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON second_factor USING (is_reachable(client_id));

ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON recovery_code USING (is_reachable(client_id));
