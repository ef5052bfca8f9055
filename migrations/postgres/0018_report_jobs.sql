-- Reports that are made in the background: an api process claims a job, and writes its file into the
-- object store.

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
    PRIMARY KEY (client_id, job_id),
    CHECK ((state = 'running') = (claimed_until IS NOT NULL)),
    CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    CHECK ((state IN ('done', 'expired')) = (sha256 IS NOT NULL)),
    CHECK ((sha256 IS NULL) = (expires_at IS NULL)),
    CHECK ((state = 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX report_job_to_run ON report_job (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX report_job_to_remove ON report_job (finished_at)
    WHERE state NOT IN ('queued', 'running') AND NOT is_removed;

ALTER TABLE report_job ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_job FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON report_job USING (is_reachable(client_id));
