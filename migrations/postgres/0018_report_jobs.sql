-- Reports that are made in the background: an api process claims a job, and writes its file into the
-- object store. Schedules queue jobs every day or every week.

CREATE TABLE report_schedule (
    client_id      slug NOT NULL REFERENCES tenant,
    schedule_id    uuid NOT NULL,
    name           text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- The saved report that is made, or else a request of its own.
    report_id      uuid,
    kind           text
        CHECK (kind IN ('query', 'attribution', 'funnel', 'retention', 'sessions', 'events')),
    request        jsonb CHECK (jsonb_typeof(request) = 'object'),
    -- Null for the range of the request.
    relative_range text CHECK (relative_range IN ('last_day', 'last_week', 'last_month')),
    -- 1 for Monday; null for every day.
    weekday        smallint CHECK (weekday BETWEEN 1 AND 7),
    -- In the tenant's zone.
    local_time     time NOT NULL,
    -- The rights of its jobs, as in report_job.
    asked_by       text NOT NULL,
    authority      text NOT NULL,
    advertiser_id  slug,
    campaigns      text[],
    user_version   integer,
    created_by     uuid NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    next_run_at    timestamptz NOT NULL,
    last_run_at    timestamptz,
    PRIMARY KEY (client_id, schedule_id),
    CHECK ((report_id IS NULL) = (kind IS NOT NULL)),
    CHECK ((kind IS NULL) = (request IS NULL)),
    FOREIGN KEY (client_id, created_by) REFERENCES app_user (client_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (client_id, report_id) REFERENCES saved_report ON DELETE CASCADE
);
CREATE INDEX report_schedule_by_run ON report_schedule (next_run_at);
CREATE INDEX report_schedule_by_user ON report_schedule (client_id, created_by);
CREATE INDEX report_schedule_by_report ON report_schedule (client_id, report_id);

CREATE TABLE report_job (
    client_id       slug NOT NULL REFERENCES tenant,
    job_id          uuid NOT NULL,
    state           text NOT NULL
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
    kind            text NOT NULL
        CHECK (kind IN ('query', 'attribution', 'funnel', 'retention', 'sessions', 'events')),
    -- The body of the request; of sessions, the parameters.
    request         jsonb NOT NULL CHECK (jsonb_typeof(request) = 'object'),
    -- The credential that asked: `user:<id>` or `key:<id>`, its role or kind, and what it was limited to.
    -- No reference: the list of jobs outlives users and keys.
    asked_by        text NOT NULL,
    authority       text NOT NULL,
    advertiser_id   slug,
    campaigns       text[],
    -- The user's token version, with which the user had these rights; null for a key.
    user_version    integer,
    -- A request without a range is about the time before this.
    created_at      timestamptz NOT NULL,
    -- No process claims the job before this.
    claim_after     timestamptz NOT NULL,
    -- Of a running job: another process may claim it from then on.
    claimed_until   timestamptz,
    -- How often it was claimed. The number names the claim: a process writes under its own only.
    attempts        integer NOT NULL DEFAULT 0,
    -- Those whose process died or that ended with an error.
    failed_attempts integer NOT NULL DEFAULT 0,
    started_at      timestamptz,
    finished_at     timestamptz,
    expires_at      timestamptz,
    -- Written so far; null for a report that has no rows.
    row_count       bigint,
    byte_count      bigint NOT NULL DEFAULT 0,
    sha256          bytea CHECK (octet_length(sha256) = 32),
    as_of           timestamptz,
    range_from      timestamptz,
    range_to        timestamptz,
    time_zone       text,
    file_name       text,
    media_type      text,
    failure_code    text,
    failure_detail  text,
    -- Whether nothing of a finished job is in the object store any more.
    is_removed      boolean NOT NULL DEFAULT false,
    -- The run that it is of. No reference: the job outlives the schedule.
    schedule_id     uuid,
    due_at          timestamptz,
    PRIMARY KEY (client_id, job_id),
    UNIQUE (client_id, schedule_id, due_at),
    CHECK ((schedule_id IS NULL) = (due_at IS NULL)),
    CHECK ((state = 'running') = (claimed_until IS NOT NULL)),
    CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    CHECK ((state IN ('done', 'expired')) = (sha256 IS NOT NULL)),
    CHECK ((sha256 IS NULL) = (expires_at IS NULL)),
    CHECK ((state = 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX report_job_to_run ON report_job (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX report_job_to_remove ON report_job (finished_at)
    WHERE state NOT IN ('queued', 'running') AND NOT is_removed;

ALTER TABLE report_schedule ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_schedule FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON report_schedule USING (is_reachable(client_id));

ALTER TABLE report_job ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_job FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON report_job USING (is_reachable(client_id));

-- A disabled user never comes back, and a job with that user's rights would fail.
CREATE FUNCTION remove_schedules_of_a_disabled_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM report_schedule WHERE client_id = NEW.client_id AND created_by = NEW.user_id;
    RETURN NEW;
END $$;
CREATE TRIGGER remove_schedules_of_a_disabled_author BEFORE UPDATE OF disabled ON app_user
    FOR EACH ROW WHEN (NEW.disabled) EXECUTE FUNCTION remove_schedules_of_a_disabled_author();
