-- What people write beside the numbers: marks on the time axis, and questions to ask again.

-- So that a tenant's rows can name its own users only.
ALTER TABLE app_user ADD CONSTRAINT app_user_of_tenant UNIQUE (client_id, user_id);

CREATE TABLE annotation (
    client_id     slug NOT NULL REFERENCES tenant,
    annotation_id uuid NOT NULL,
    at            timestamptz NOT NULL,
    -- Null for a moment; excluded otherwise.
    until         timestamptz CHECK (until > at),
    text          text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 500),
    scope         text NOT NULL CHECK (scope IN ('personal', 'tenant')),
    -- Null for a mark that is of no campaign.
    campaign_id   text,
    -- Null once the user is deleted.
    created_by    uuid,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (client_id, annotation_id),
    CHECK (scope = 'tenant' OR created_by IS NOT NULL),
    FOREIGN KEY (client_id, campaign_id) REFERENCES campaign,
    FOREIGN KEY (client_id, created_by) REFERENCES app_user (client_id, user_id)
        ON DELETE SET NULL (created_by)
);
CREATE INDEX annotation_by_time ON annotation (client_id, at, annotation_id);
CREATE INDEX annotation_by_user ON annotation (client_id, created_by);

CREATE TABLE saved_report (
    client_id   slug NOT NULL REFERENCES tenant,
    report_id   uuid NOT NULL,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text CHECK (char_length(description) BETWEEN 1 AND 500),
    visibility  text NOT NULL CHECK (visibility IN ('private', 'shared')),
    kind        text NOT NULL
        CHECK (kind IN ('query', 'attribution', 'funnel', 'retention', 'sessions')),
    -- The body of the request; of sessions, the parameters.
    request     jsonb NOT NULL CHECK (jsonb_typeof(request) = 'object'),
    -- Null once the user is deleted.
    created_by  uuid,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (client_id, report_id),
    CHECK (visibility = 'shared' OR created_by IS NOT NULL),
    FOREIGN KEY (client_id, created_by) REFERENCES app_user (client_id, user_id)
        ON DELETE SET NULL (created_by)
);
CREATE UNIQUE INDEX saved_report_by_name
    ON saved_report (client_id, created_by, visibility, name);

ALTER TABLE annotation ENABLE ROW LEVEL SECURITY;
ALTER TABLE annotation FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON annotation USING (is_reachable(client_id));

ALTER TABLE saved_report ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_report FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON saved_report USING (is_reachable(client_id));

-- Nobody else can see what only its author could: it goes with the author. A disabled user never
-- comes back.
CREATE FUNCTION remove_what_only_its_author_sees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM annotation
    WHERE client_id = OLD.client_id AND created_by = OLD.user_id AND scope = 'personal';
    DELETE FROM saved_report
    WHERE client_id = OLD.client_id AND created_by = OLD.user_id AND visibility = 'private';
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER remove_what_only_its_author_sees BEFORE DELETE ON app_user
    FOR EACH ROW EXECUTE FUNCTION remove_what_only_its_author_sees();
CREATE TRIGGER remove_what_only_a_disabled_author_sees BEFORE UPDATE OF disabled ON app_user
    FOR EACH ROW WHEN (NEW.disabled) EXECUTE FUNCTION remove_what_only_its_author_sees();
