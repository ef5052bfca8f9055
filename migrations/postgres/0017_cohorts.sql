-- Kept cohorts: who did something, as a definition by which members are found anew each time. So no ids of
-- visitors or customers are kept here.

CREATE TABLE kept_cohort (
    client_id   slug NOT NULL REFERENCES tenant,
    cohort_id   uuid NOT NULL,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text CHECK (char_length(description) BETWEEN 1 AND 500),
    definition  jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
    -- Null once the user is deleted.
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (client_id, cohort_id),
    UNIQUE (client_id, name),
    FOREIGN KEY (client_id, created_by) REFERENCES app_user (client_id, user_id)
        ON DELETE SET NULL (created_by)
);
CREATE INDEX kept_cohort_by_user ON kept_cohort (client_id, created_by);

ALTER TABLE kept_cohort ENABLE ROW LEVEL SECURITY;
ALTER TABLE kept_cohort FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON kept_cohort USING (is_reachable(client_id));
