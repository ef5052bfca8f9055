-- Why and since when a tenant is in its state, and the two states of its end: a grace period in which
-- it may still read and export, and the erasure.

ALTER TABLE tenant DROP CONSTRAINT tenant_state_check;
ALTER TABLE tenant ADD CONSTRAINT tenant_state_check
    CHECK (state IN ('provisioning', 'active', 'suspended', 'offboarding', 'erasing'));

ALTER TABLE tenant
    -- What an admin tells the owners; null unless the tenant is suspended or offboarded.
    ADD COLUMN state_reason text CHECK (char_length(state_reason) BETWEEN 1 AND 500),
    ADD COLUMN state_since  timestamptz NOT NULL DEFAULT now();
