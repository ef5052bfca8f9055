-- Persons of a tenant's shop who are erased: in steps, then with a receipt. No id of a person is stored: it is hashed
-- with a key of the tenant when the erasure is asked for.

CREATE TABLE person_key (
    client_id slug PRIMARY KEY REFERENCES tenant,
    -- Sealed for this row.
    sealed    bytea NOT NULL
);

CREATE TABLE person_erasure (
    client_id        slug NOT NULL REFERENCES tenant,
    erasure_id       uuid NOT NULL,
    asked_by         text NOT NULL,
    -- What happened or was received before this is erased, and never applied again.
    asked_at         timestamptz NOT NULL,
    -- When it was last begun again, because a store was restored from a copy.
    repeated_at      timestamptz CHECK (repeated_at >= asked_at),
    -- What was erased where, as JSON; the hash is of exactly this text. The hashes of earlier receipts remain.
    receipt          text,
    receipt_sha256   bytea CHECK (octet_length(receipt_sha256) = 32),
    earlier_receipts bytea[] NOT NULL DEFAULT '{}',
    erased_at        timestamptz,
    PRIMARY KEY (client_id, erasure_id),
    CHECK ((erased_at IS NULL) = (receipt IS NULL)),
    CHECK ((erased_at IS NULL) = (receipt_sha256 IS NULL))
);
CREATE INDEX person_erasure_by_time ON person_erasure (asked_at);
CREATE INDEX person_erasure_to_do ON person_erasure (asked_at) WHERE erased_at IS NULL;

-- Whom an erasure is about. The rows stay: each sink asks whether the person of an event was erased.
CREATE TABLE erased_person (
    client_id  slug NOT NULL REFERENCES tenant,
    erasure_id uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('visitor', 'customer')),
    -- HMAC-SHA256 of kind and id.
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (client_id, erasure_id, hash),
    FOREIGN KEY (client_id, erasure_id) REFERENCES person_erasure
);

-- A step that has begun. After a crash, the next process continues with the first step that has not finished.
CREATE TABLE person_erasure_step (
    client_id   slug NOT NULL REFERENCES tenant,
    erasure_id  uuid NOT NULL,
    step        text NOT NULL
        CHECK (step IN ('clickhouse', 'redis', 'report_files', 'postgres', 'archive')),
    started_at  timestamptz NOT NULL DEFAULT now(),
    -- How much was found and erased so far.
    counts      jsonb NOT NULL DEFAULT '{}',
    finished_at timestamptz,
    PRIMARY KEY (client_id, erasure_id, step),
    FOREIGN KEY (client_id, erasure_id) REFERENCES person_erasure
);

ALTER TABLE person_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON person_key USING (is_reachable(client_id));

ALTER TABLE person_erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON person_erasure USING (is_reachable(client_id));

ALTER TABLE erased_person ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_person FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON erased_person USING (is_reachable(client_id));

ALTER TABLE person_erasure_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_erasure_step FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON person_erasure_step USING (is_reachable(client_id));
