-- A drained cluster takes no new tenants, and serves those that it has.
ALTER TABLE cluster ADD COLUMN drained_since timestamptz;
